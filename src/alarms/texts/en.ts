/** The messages of alarms in English. */
import type { AlarmTexts, TextFacts } from './alarm-texts.ts'

const asOf = ({ tenant, since }: TextFacts) => `Diversions for ${tenant} rest on calendars as of ${since}.`
const mailboxes = (count: number) => (count === 1 ? '1 mailbox' : `${count} mailboxes`)
const notFollowed = () => 'The diversions of these users do not follow their calendars.'
const inDays = (days: number) => (days === 0 ? 'within a day' : days === 1 ? 'in 1 day' : `in ${days} days`)

export const en: AlarmTexts = {
  locale: 'en-GB',
  causes: {
    secret_expired: {
      title: () => 'the credential for the calendars has expired',
      meaning: asOf,
      hint: 'Make a new secret, certificate or password in the calendar system, and enter it in the connection.'
    },
    secret_invalid: {
      title: () => 'the calendar system refuses the sign-in',
      meaning: asOf,
      hint: 'The secret or password was changed or entered wrongly. Enter the right one in the connection.'
    },
    consent_missing: {
      title: () => 'the consent to read calendars is missing',
      meaning: asOf,
      hint: 'An administrator of the calendar system has to consent again, or assign the role again.'
    },
    unreachable: {
      title: () => 'the calendar system cannot be reached',
      meaning: asOf,
      hint: 'See that the calendar system runs, and whether its name, certificate, firewall or VPN have changed.'
    },
    protocol_error: {
      title: () => 'the calendar system answers with errors',
      meaning: asOf,
      hint: 'Something else than the calendar system may answer at the address of the connection. Test the connection.'
    },
    throttled: {
      title: () => 'the calendar system asks for fewer calls',
      meaning: asOf,
      hint: 'Raise pollSeconds of the connection, or have the calendar system allow the service account more calls.'
    },
    proxy_refused: {
      title: () => 'the proxy blocks the way to the calendar system',
      meaning: asOf,
      hint: 'Whoever runs the proxy has to allow the address of the calendar system.'
    },
    clock_wrong: {
      title: () => 'the clock of the calendar system is wrong',
      meaning: asOf,
      hint: 'Set the clock of the calendar system, or of the machine that Hanvisa runs on (NTP).'
    },
    secret_expires: {
      title: ({ days }) => `the credential for the calendars ends ${inDays(days)}`,
      meaning: ({ tenant, ends }) =>
        `Unless it is renewed, no calendar of ${tenant} is read from ${ends} on, and diversions go wrong.`,
      hint: 'Make a new secret, certificate or password in the calendar system, and enter it in the connection with its end.'
    },
    application_expires: {
      title: ({ days }) => `the credential of the provider’s application in Entra ends ${inDays(days)}`,
      meaning: ({ ends }) =>
        `Unless it is renewed, no calendar of a customer who consented to it is read from ${ends} on, and diversions go wrong.`,
      hint: 'Make a new client secret or register a new certificate in the Entra admin center, and set it with HANVISA_ENTRA_CLIENT_SECRET and HANVISA_ENTRA_CLIENT_SECRET_EXPIRES, or with HANVISA_ENTRA_CLIENT_CERTIFICATE and HANVISA_ENTRA_CLIENT_KEY.'
    },
    stale: {
      title: ({ users, of }) => `${users} of ${of} calendars are out of date`,
      meaning: ({ tenant, since }) => `Many diversions for ${tenant} rest on calendars as of ${since}.`,
      hint: 'The page of the connection names the calendars, each with what to do.'
    },
    subscriptions_inactive: {
      title: () => 'edits in calendars are seen late',
      meaning: () => 'Diversions follow an edited calendar after minutes instead of seconds.',
      hint: 'Notifications do not arrive: see that the public address can be reached, and that the permission allows subscriptions.'
    },
    consumer_refused: {
      title: () => 'the switch does not accept statuses',
      meaning: () => 'Callers may be told what held before.',
      hint: 'See in the list of consumers which one it is, and what it answers. Its address or secret may have changed.'
    },
    key_expires: {
      title: ({ days }) => `an API key ends ${inDays(days)}`,
      meaning: ({ ends }) => `The switch or telephone that uses it is refused from ${ends} on.`,
      hint: 'Rotate the key, and enter the new one where the old one is used.'
    },
    mailbox_unknown: {
      title: ({ users }) => `${mailboxes(users)} cannot be found`,
      meaning: notFollowed,
      hint: 'Correct the address of the mailbox, or switch off sync for the user.'
    },
    access_denied: {
      title: ({ users }) => `no access to ${mailboxes(users)}`,
      meaning: notFollowed,
      hint: 'Grant the service account the right to read these calendars.'
    },
    subject_not_readable: {
      title: ({ users }) => `subjects cannot be read in ${mailboxes(users)}`,
      meaning: () => 'Words in the subject divert nobody there.',
      hint: 'Grant the service account the Reviewer right to these calendars.'
    },
    mailbox_twice: {
      title: ({ users }) => `${mailboxes(users)} found more than once`,
      meaning: notFollowed,
      hint: 'See that each mailbox is found over one connection alone.'
    },
    mailbox_outside: {
      title: ({ users }) => `${mailboxes(users)} outside what may be read`,
      meaning: notFollowed,
      hint: 'Add the mailboxes to the group that the application may read.'
    }
  },
  flood: {
    title: ({ what, users }) => `${users} customers at once: ${what}`,
    meaning: ({ since }) => `Diversions of these customers rest on calendars as of about ${since}.`,
    hint: 'So many at once is hardly the customers’ doing: see whether Hanvisa reaches the internet, and the service health of Microsoft. The customers’ own messages wait for half an hour.'
  },
  resolved: {
    stale: 'the calendars are up to date again',
    secret_expires: 'the credential for the calendars was renewed',
    application_expires: 'the credential of the provider’s application in Entra is renewed',
    flood: (what) => `many customers: ${what}`
  },
  time: (hour, minute) => `${String(hour).padStart(2, '0')}:${minute}`,
  dayAndTime: (day, time) => `${day}, ${time}`,
  reminder: 'Reminder',
  over: 'Resolved',
  test: 'Test',
  began: (since) => `Since ${since}.`,
  ended: (since, until) => `It lasted from ${since} until ${until}.`,
  affected: (users, of) => `Affected: ${users} of ${of} users.`,
  usersAre: (ids, more) => (more === 0 ? `Users: ${ids}.` : `Users: ${ids} and ${more} more.`),
  more: (count) => `and ${count} more`,
  details: (url) => `Details: ${url}`,
  footer: 'Sent by Hanvisa. Replies are not read.',
  digest: {
    subject: 'Today’s summary',
    intro: 'What needs attention:',
    dropped: (count) => `Messages that were not sent because there were too many: ${count}.`
  },
  code: {
    subject: 'Confirm that you want alarms',
    text: (owner, code) =>
      `Alarms of Hanvisa for ${owner} are to be sent here. The code is ${code}. It is good for 24 hours. If you know nothing of this, do nothing.`,
    short: (owner, code) => `${code} is the code for alarms of Hanvisa (${owner})`
  },
  testText: 'This is a test. Alarms arrive here.',
  provider: 'all customers'
}
