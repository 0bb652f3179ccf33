/** What is kept of alarms, document by document, and the bytes of each. */

import type { KeptRecord } from '../lib/kept-record.ts'
import type { AlarmListRecord, AlarmOverviewRecord, AlarmStateRecord } from './alarms.ts'
import type { Codec } from './codec.ts'
import { jsonCodec } from './codec.ts'

const withTenant = 'the tenant is deleted'

const keptList: KeptRecord<AlarmListRecord> = {
  name: 'alarm recipients',
  about: ['operators'],
  until: `a recipient is removed; ${withTenant}`,
  members: {
    version: 'tells a change in between',
    settings: {
      share: 'from which share of stale calendars on',
      minutes: 'for how long',
      reminderHours: 'how often is reminded',
      muteUntil: 'until when nothing is sent'
    },
    mutes: 'causes that are muted, and until when',
    recipients: {
      id: 'names the recipient; chosen by the operator',
      channel: 'e-mail, SMS or webhook',
      to: 'the e-mail address, telephone number or URL, sealed',
      format: 'the form of a webhook’s posts',
      secret: 'signs a webhook’s posts, sealed',
      minSeverity: 'from which severity on',
      language: 'of the messages',
      timeZone: 'of quiet hours and digest',
      quiet: 'when messages wait',
      digest: 'when the daily digest comes',
      confirmed: 'whether its owner gave the code',
      code: 'the code that was sent, as a keyed digest, until it is given or 24 hours have passed',
      refused: 'whether its server refused the address',
      lastResult: 'when a message was sent last, and what came of it'
    },
    codesSentAt: 'when codes were sent within the last day'
  }
}

const keptState: KeptRecord<AlarmStateRecord> = {
  name: 'alarm state',
  about: [],
  until: withTenant,
  members: {
    version: 'tells a change in between',
    episodes: {
      cause: 'what is wrong',
      state: 'pending, firing or clearing',
      since: 'since when it is in that state',
      calmSince: 'since when it was not so',
      beganAt: 'when it was first so',
      raisedAt: 'when it was raised',
      levelAt: 'when it came nearer',
      episode: 'names this time',
      level: 'how near it is',
      severity: 'warning or critical',
      code: 'why most calendars fail',
      users: 'how many users are affected',
      of: 'of how many',
      endsAt: 'when a credential ends'
    },
    lastEpisode: 'counts the episodes',
    deliveries: {
      recipient: 'the recipient’s id',
      told: 'what was sent last of each cause',
      sentAt: 'when messages were sent within the last day',
      dropped: 'how many were too many',
      digestDay: 'the day of the last digest',
      failures: 'how often sending failed',
      busyUntil: 'when it is tried again'
    }
  }
}

const keptOverview: KeptRecord<AlarmOverviewRecord> = {
  name: 'alarm overview',
  about: [],
  until: 'the alarms are over',
  members: {
    version: 'tells a change in between',
    raised: {
      tenant: 'whose alarm',
      cause: 'what is wrong',
      episode: 'which time',
      severity: 'warning or critical',
      beganAt: 'since when it is so',
      raisedAt: 'when it was raised',
      users: 'how many users are affected',
      of: 'of how many'
    },
    floods: {
      cause: 'what is wrong in many tenants at once',
      number: 'which time',
      since: 'since when',
      most: 'in how many tenants at the most'
    },
    lastFlood: 'counts the floods',
    hour: { beganAt: 'the present hour', messages: 'how many messages were sent in it' }
  }
}

// `version` comes first: scripts/save-alarms.lua reads it there.

export const alarmListRecord: Codec<AlarmListRecord> = jsonCodec(
  keptList,
  ({ version, settings, mutes, recipients, codesSentAt }) => ({
    version,
    settings: settings && {
      share: settings.share,
      minutes: settings.minutes,
      reminderHours: settings.reminderHours,
      muteUntil: settings.muteUntil
    },
    mutes,
    recipients: recipients.map((one) => ({
      id: one.id,
      channel: one.channel,
      to: one.to,
      format: one.format,
      secret: one.secret,
      minSeverity: one.minSeverity,
      language: one.language,
      timeZone: one.timeZone,
      quiet: one.quiet,
      digest: one.digest,
      confirmed: one.confirmed,
      code: one.code && {
        digest: one.code.digest,
        expiresAt: one.code.expiresAt,
        attempts: one.code.attempts
      },
      refused: one.refused,
      lastResult: one.lastResult && {
        at: one.lastResult.at,
        ok: one.lastResult.ok,
        code: one.lastResult.code
      }
    })),
    codesSentAt
  })
)

export const alarmStateRecord: Codec<AlarmStateRecord> = jsonCodec(
  keptState,
  ({ version, episodes, lastEpisode, deliveries }) => ({
    version,
    episodes: episodes.map((one) => ({
      cause: one.cause,
      state: one.state,
      since: one.since,
      calmSince: one.calmSince,
      beganAt: one.beganAt,
      raisedAt: one.raisedAt,
      levelAt: one.levelAt,
      episode: one.episode,
      level: one.level,
      severity: one.severity,
      code: one.code,
      users: one.users,
      of: one.of,
      endsAt: one.endsAt
    })),
    lastEpisode,
    deliveries: deliveries.map((one) => ({
      recipient: one.recipient,
      told: one.told.map((told) => ({
        cause: told.cause,
        episode: told.episode,
        level: told.level,
        severity: told.severity,
        beganAt: told.beganAt,
        at: told.at,
        messages: told.messages,
        silent: told.silent
      })),
      sentAt: one.sentAt,
      dropped: one.dropped,
      digestDay: one.digestDay,
      failures: one.failures,
      busyUntil: one.busyUntil
    }))
  })
)

export const alarmOverviewRecord: Codec<AlarmOverviewRecord> = jsonCodec(
  keptOverview,
  ({ version, raised, floods, lastFlood, hour }) => ({
    version,
    raised: raised.map((one) => ({
      tenant: one.tenant,
      cause: one.cause,
      episode: one.episode,
      severity: one.severity,
      beganAt: one.beganAt,
      raisedAt: one.raisedAt,
      users: one.users,
      of: one.of
    })),
    floods: floods.map(({ cause, number, since, most }) => ({ cause, number, since, most })),
    lastFlood,
    hour: { beganAt: hour.beganAt, messages: hour.messages }
  })
)
