{{/* A Deployment of one role. Takes { root, part, settings }: part is the role, settings are its values. */}}
{{- define "hanvisa.deployment" -}}
{{- $values := .root.Values -}}
apiVersion: apps/v1
kind: Deployment
metadata:
  name: {{ include "hanvisa.name" .root }}-{{ .part }}
  namespace: {{ .root.Release.Namespace | quote }}
  labels:
    {{- include "hanvisa.labels" . | nindent 4 }}
spec:
  {{- if not .settings.autoscaling.enabled }}
  replicas: {{ .settings.replicas }}
  {{- end }}
  revisionHistoryLimit: 5
  strategy:
    type: RollingUpdate
    rollingUpdate:
      maxSurge: 1
      maxUnavailable: 0
  selector:
    matchLabels:
      {{- include "hanvisa.selector" . | nindent 6 }}
  template:
    metadata:
      labels:
        {{- include "hanvisa.labels" . | nindent 8 }}
      {{- with .settings.podAnnotations }}
      annotations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
    spec:
      serviceAccountName: {{ include "hanvisa.name" .root }}
      automountServiceAccountToken: false
      # A Service named hanvisa would put HANVISA_PORT=tcp://… into the environment, which the settings refuse.
      enableServiceLinks: false
      # A pause of 5 s before the end, and 20 s at the most for closing; waiting polls are answered at once.
      terminationGracePeriodSeconds: 30
      {{- with $values.image.pullSecrets }}
      imagePullSecrets:
        {{- range . }}
        - name: {{ . | quote }}
        {{- end }}
      {{- end }}
      securityContext:
        runAsNonRoot: true
        runAsUser: 10001
        runAsGroup: 10001
        fsGroup: 10001
        seccompProfile:
          type: RuntimeDefault
      topologySpreadConstraints:
        - maxSkew: 1
          topologyKey: kubernetes.io/hostname
          whenUnsatisfiable: ScheduleAnyway
          labelSelector:
            matchLabels:
              {{- include "hanvisa.selector" . | nindent 14 }}
        - maxSkew: 1
          topologyKey: topology.kubernetes.io/zone
          whenUnsatisfiable: ScheduleAnyway
          labelSelector:
            matchLabels:
              {{- include "hanvisa.selector" . | nindent 14 }}
      {{- with .settings.nodeSelector }}
      nodeSelector:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      {{- with .settings.tolerations }}
      tolerations:
        {{- toYaml . | nindent 8 }}
      {{- end }}
      containers:
        - name: hanvisa
          image: {{ include "hanvisa.image" .root | quote }}
          imagePullPolicy: {{ $values.image.pullPolicy }}
          env:
            - name: HANVISA_ROLE
              value: {{ .part }}
            - name: HANVISA_HOST
              value: "0.0.0.0"
            - name: HANVISA_PORT
              value: "8080"
            - name: HANVISA_DATA_DIR
              value: /data
            - name: HANVISA_ADMIN_KEY_FILE
              value: /run/secrets/hanvisa/admin-key
            - name: HANVISA_MASTER_KEY_FILE
              value: /run/secrets/hanvisa/master-key
            {{- if $values.secrets.masterKeyNext.existingSecret }}
            - name: HANVISA_MASTER_KEY_NEXT_FILE
              value: /run/secrets/hanvisa/master-key-next
            {{- end }}
            - name: HANVISA_REDIS_URL_FILE
              value: /run/secrets/hanvisa/redis-url
            {{- with $values.publicUrl }}
            - name: HANVISA_PUBLIC_URL
              value: {{ . | quote }}
            {{- end }}
            {{- with $values.allowedNetworks }}
            - name: HANVISA_ALLOWED_NETWORKS
              value: {{ join "," . | quote }}
            {{- end }}
            {{- with $values.trustProxy }}
            - name: HANVISA_TRUST_PROXY
              value: {{ join "," . | quote }}
            {{- end }}
            - name: HANVISA_ALLOW_PRIVATE_TARGETS
              value: {{ if $values.allowPrivateTargets }}"1"{{ else }}"0"{{ end }}
            - name: HANVISA_LOG_LEVEL
              value: {{ $values.logLevel }}
            - name: NODE_OPTIONS
              value: {{ printf "--max-old-space-size=%v" .settings.heapMiB | quote }}
            {{- with $values.proxy.url }}
            - name: HTTPS_PROXY
              value: {{ . | quote }}
            {{- end }}
            {{- with $values.proxy.except }}
            - name: NO_PROXY
              value: {{ . | quote }}
            {{- end }}
            {{- if $values.extraCa.existingConfigMap }}
            - name: NODE_EXTRA_CA_CERTS
              value: /etc/hanvisa/ca/ca.crt
            {{- end }}
          ports:
            - name: http
              containerPort: 8080
              protocol: TCP
          startupProbe:
            httpGet:
              path: /healthz
              port: http
            periodSeconds: 2
            timeoutSeconds: 3
            failureThreshold: 60
          livenessProbe:
            httpGet:
              path: /healthz
              port: http
            periodSeconds: 10
            timeoutSeconds: 5
            failureThreshold: 6
          readinessProbe:
            httpGet:
              path: /readyz
              port: http
            periodSeconds: 5
            timeoutSeconds: 3
            failureThreshold: 3
          lifecycle:
            preStop:
              exec:
                # Until everybody has heard that this pod gets no more calls.
                command: ["sleep", "5"]
          resources:
            {{- toYaml .settings.resources | nindent 12 }}
          securityContext:
            allowPrivilegeEscalation: false
            readOnlyRootFilesystem: true
            capabilities:
              drop:
                - ALL
          volumeMounts:
            - name: data
              mountPath: /data
            - name: secrets
              mountPath: /run/secrets/hanvisa
              readOnly: true
            {{- if $values.extraCa.existingConfigMap }}
            - name: ca
              mountPath: /etc/hanvisa/ca
              readOnly: true
            {{- end }}
      volumes:
        # Nothing is kept here: Redis has it all.
        - name: data
          emptyDir:
            sizeLimit: 64Mi
        - name: secrets
          projected:
            # 0440.
            defaultMode: 288
            sources:
              - secret:
                  name: {{ required "secrets.adminKey.existingSecret must name the Secret with the admin key" $values.secrets.adminKey.existingSecret | quote }}
                  items:
                    - key: {{ $values.secrets.adminKey.key | quote }}
                      path: admin-key
              - secret:
                  name: {{ required "secrets.masterKey.existingSecret must name the Secret with the master key" $values.secrets.masterKey.existingSecret | quote }}
                  items:
                    - key: {{ $values.secrets.masterKey.key | quote }}
                      path: master-key
              {{- if $values.secrets.masterKeyNext.existingSecret }}
              - secret:
                  name: {{ $values.secrets.masterKeyNext.existingSecret | quote }}
                  items:
                    - key: {{ $values.secrets.masterKeyNext.key | quote }}
                      path: master-key-next
              {{- end }}
              - secret:
                  name: {{ required "secrets.redisUrl.existingSecret must name the Secret with the URL of Redis" $values.secrets.redisUrl.existingSecret | quote }}
                  items:
                    - key: {{ $values.secrets.redisUrl.key | quote }}
                      path: redis-url
        {{- if $values.extraCa.existingConfigMap }}
        - name: ca
          configMap:
            name: {{ $values.extraCa.existingConfigMap | quote }}
            items:
              - key: {{ $values.extraCa.key | quote }}
                path: ca.crt
        {{- end }}
{{- end -}}

{{/* A HorizontalPodAutoscaler of one role. Takes { root, part, settings }. */}}
{{- define "hanvisa.autoscaler" -}}
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata:
  name: {{ include "hanvisa.name" .root }}-{{ .part }}
  namespace: {{ .root.Release.Namespace | quote }}
  labels:
    {{- include "hanvisa.labels" . | nindent 4 }}
spec:
  scaleTargetRef:
    apiVersion: apps/v1
    kind: Deployment
    name: {{ include "hanvisa.name" .root }}-{{ .part }}
  minReplicas: {{ .settings.autoscaling.minReplicas }}
  maxReplicas: {{ .settings.autoscaling.maxReplicas }}
  metrics:
    - type: Resource
      resource:
        name: cpu
        target:
          type: Utilization
          averageUtilization: {{ .settings.autoscaling.targetCpuPercent }}
  behavior:
    scaleDown:
      # Each that goes hands on its tenants or its long polls: not at every lull.
      stabilizationWindowSeconds: 600
      policies:
        - type: Pods
          value: 1
          periodSeconds: 120
{{- end -}}

{{/* A PodDisruptionBudget of one role. Takes { root, part, settings }. */}}
{{- define "hanvisa.disruptionBudget" -}}
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata:
  name: {{ include "hanvisa.name" .root }}-{{ .part }}
  namespace: {{ .root.Release.Namespace | quote }}
  labels:
    {{- include "hanvisa.labels" . | nindent 4 }}
spec:
  maxUnavailable: {{ .settings.disruptionBudget.maxUnavailable }}
  unhealthyPodEvictionPolicy: AlwaysAllow
  selector:
    matchLabels:
      {{- include "hanvisa.selector" . | nindent 6 }}
{{- end -}}
