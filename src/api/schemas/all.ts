/** The schemas that calls name by `$id`. */
import { absenceSchemas } from './absences.ts'
import { alarmRecipientSchemas } from './alarm-recipients.ts'
import { alarmSchemas } from './alarms.ts'
import { auditSchemas } from './audit.ts'
import { callerNameSchemas } from './caller-names.ts'
import { connectionSchemas } from './connections.ts'
import { consumerSchemas } from './consumers.ts'
import { keySchemas } from './keys.ts'
import { MasterKeyRotationSchema } from './master-key.ts'
import { OfficeHoursSchema } from './office-hours.ts'
import { overrideSchemas } from './overrides.ts'
import { PersonExportSchema } from './person-export.ts'
import { previewSchemas } from './previews.ts'
import { principalSchemas } from './principals.ts'
import { ProblemSchema } from './problems.ts'
import { providerChangesSchemas } from './provider-changes.ts'
import { ruleListSchemas } from './rule-lists.ts'
import { ruleSchemas } from './rules.ts'
import { statusSchemas } from './statuses.ts'
import { syncSchemas } from './sync.ts'
import { tenantSchemas } from './tenants.ts'
import { timelineSchemas } from './timelines.ts'
import { triggerSchemas } from './triggers.ts'
import { userSchemas } from './users.ts'

export const schemas = [
  ProblemSchema,
  ...principalSchemas,
  OfficeHoursSchema,
  ...tenantSchemas,
  ...keySchemas,
  ...alarmRecipientSchemas,
  ...alarmSchemas,
  ...ruleSchemas,
  ...ruleListSchemas,
  ...userSchemas,
  ...triggerSchemas,
  ...connectionSchemas,
  ...statusSchemas,
  ...providerChangesSchemas,
  ...consumerSchemas,
  ...callerNameSchemas,
  ...overrideSchemas,
  ...absenceSchemas,
  ...timelineSchemas,
  ...previewSchemas,
  ...syncSchemas,
  ...auditSchemas,
  PersonExportSchema,
  MasterKeyRotationSchema
]
