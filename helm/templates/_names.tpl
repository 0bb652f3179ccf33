{{/* The release's name, with the chart's in it. Short enough for "-worker" and the like. */}}
{{- define "hanvisa.name" -}}
{{- if contains "hanvisa" .Release.Name -}}
{{- .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-hanvisa" .Release.Name | trunc 50 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{/* What never changes of a part: selectors go by it. Takes { root, part }. */}}
{{- define "hanvisa.selector" -}}
app.kubernetes.io/name: hanvisa
app.kubernetes.io/instance: {{ .root.Release.Name | quote }}
app.kubernetes.io/component: {{ .part }}
{{- end -}}

{{/* The labels of everything. Takes { root, part }. */}}
{{- define "hanvisa.labels" -}}
{{ include "hanvisa.selector" . }}
app.kubernetes.io/version: {{ .root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ .root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" .root.Chart.Name .root.Chart.Version | replace "+" "_" }}
{{- end -}}

{{/* The image, by digest where there is one. */}}
{{- define "hanvisa.image" -}}
{{- $tag := default .Chart.AppVersion .Values.image.tag -}}
{{- if .Values.image.digest -}}
{{- printf "%s:%s@%s" .Values.image.repository $tag .Values.image.digest -}}
{{- else -}}
{{- printf "%s:%s" .Values.image.repository $tag -}}
{{- end -}}
{{- end -}}
