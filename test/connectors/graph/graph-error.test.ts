/** The table of Graph's errors, row by row: code, scope, and a hint that says what to do. */

import { graphResponseError, isAccessRefused, isTransient } from '../../../src/connectors/graph/errors.ts'
import { retryAfterOf } from '../../../src/lib/retry-after.ts'
import t from '../../group/tap.ts'

const mailbox = 'anna@example.se'
const answerOf = (status: number, code: string, inner: object = {}, isWholeBatch = false) => ({
  status,
  body: { error: { code, message: 'Subject: Uppsägning', innerError: inner } },
  retryAfterMs: undefined,
  challenge: null,
  isWholeBatch
})

t.test('each error has its code, its scope and its hint', async (t) => {
  const rows = [
    [401, 'InvalidAuthenticationToken', 'access_denied', 'mailbox', /refuses the token/],
    [401, 'NoPermissionsInAccessToken', 'consent_missing', 'mailbox', /Calendars\.Read/],
    [403, 'Authorization_RequestDenied', 'consent_missing', 'mailbox', /admin consent/],
    [
      403,
      'ErrorAccessDenied',
      'access_denied',
      'mailbox',
      /Test-ServicePrincipalAuthorization -Identity 'app' -Resource 'anna@example\.se'/
    ],
    [403, '', 'access_denied', 'mailbox', /HTTP 403\)$/],
    [
      404,
      'MailboxNotEnabledForRESTAPI',
      'mailbox_unknown',
      'mailbox',
      /anna@example\.se has no mailbox in Exchange Online/
    ],
    [404, 'ResourceNotFound', 'mailbox_unknown', 'mailbox', /is no user of this directory/],
    [404, 'Request_ResourceNotFound', 'mailbox_unknown', 'mailbox', /is no user of this directory/],
    [404, 'ErrorInvalidUser', 'mailbox_unknown', 'mailbox', /correct the user's mailbox/],
    [400, 'ErrorInvalidUser', 'mailbox_unknown', 'mailbox', /correct the user's mailbox/],
    [503, 'MailboxInfoStale', 'unreachable', 'mailbox', /object id/],
    [403, 'ExtensionError', 'unreachable', 'mailbox', /moving, on-premises/],
    [500, 'ExtensionError', 'unreachable', 'mailbox', /tried again/],
    [429, 'TooManyRequests', 'throttled', 'mailbox', /fewer requests/],
    [429, 'ApplicationThrottled', 'throttled', 'mailbox', /fewer requests/],
    [403, 'ApplicationThrottled', 'throttled', 'mailbox', /fewer requests/],
    [509, '', 'throttled', 'mailbox', /fewer requests/],
    [424, 'FailedDependency', 'unreachable', 'mailbox', /tries again/],
    [500, 'generalException', 'unreachable', 'mailbox', /has trouble/],
    [502, '', 'unreachable', 'mailbox', /has trouble/],
    [503, 'serviceNotAvailable', 'unreachable', 'mailbox', /has trouble/],
    [504, 'UnknownError', 'unreachable', 'mailbox', /has trouble/],
    [400, 'BadRequest', 'protocol_error', 'mailbox', /HTTP 400 BadRequest/],
    [410, 'syncStateNotFound', 'protocol_error', 'mailbox', /HTTP 410 syncStateNotFound/]
  ] as const
  for (const [status, code, expected, scope, hint] of rows) {
    const error = graphResponseError(answerOf(status, code), mailbox, 'app')
    t.match(error, { code: expected, scope, hint }, `${status} ${code}`)
    t.notMatch(error.message, /Uppsägning/, 'nothing of what Graph wrote but its code')
  }
  t.match(
    graphResponseError(answerOf(503, '', {}, true), mailbox, 'app'),
    { scope: 'connection' },
    'an answer to the whole batch'
  )
})

t.test('the more exact code may lie deeper, under a name in another case', async (t) => {
  const nested = { innererror: { innerError: { code: 'MailboxNotEnabledForRESTAPI' } } }
  t.match(graphResponseError(answerOf(404, 'itemNotFound', nested), mailbox, 'app'), {
    code: 'mailbox_unknown',
    hint: /no mailbox in Exchange Online/
  })
  const ring: { code: string; innerError?: object } = { code: 'x' }
  ring.innerError = ring
  t.match(graphResponseError(answerOf(400, 'x', ring), mailbox, 'app'), { code: 'protocol_error' })
})

t.test('a body of any shape gives an error by status', async (t) => {
  for (const body of [
    undefined,
    null,
    'PGh0bWw+',
    [],
    5,
    { error: 'text' },
    { error: { code: 5, innerError: 'x' } }
  ]) {
    t.match(
      graphResponseError(
        { status: 404, body, retryAfterMs: undefined, challenge: null, isWholeBatch: false },
        mailbox,
        'app'
      ),
      {
        code: 'mailbox_unknown'
      }
    )
  }
  const script = answerOf(400, '<script>alert(1)</script>')
  t.notMatch(graphResponseError(script, mailbox, 'app').hint, /script/)
})

t.test('the command can be pasted whatever the address is', async (t) => {
  const { hint } = graphResponseError(answerOf(403, 'ErrorAccessDenied'), "o'hara; rm -rf @example.se", 'app')
  t.match(hint, "-Resource 'o''hara; rm -rf @example.se'")
})

t.test('what is worth another try, and what another way', async (t) => {
  for (const status of [424, 429, 500, 502, 503, 504, 509])
    t.ok(isTransient(answerOf(status, '')), String(status))
  for (const status of [200, 400, 401, 403, 404, 410, 501])
    t.notOk(isTransient(answerOf(status, '')), String(status))
  t.ok(isAccessRefused(answerOf(403, 'ErrorAccessDenied')))
  t.notOk(isAccessRefused(answerOf(403, 'ApplicationThrottled')))
})

t.test('Retry-After in every form', async (t) => {
  const now = Date.parse('2026-11-18T12:00:00Z')
  const rows = [
    ['10', 10_000],
    ['2.128', 2128],
    [' 0 ', 0],
    [7, 7000],
    ['Wed, 18 Nov 2026 12:00:30 GMT', 30_000],
    ['Wed, 18 Nov 2026 11:00:00 GMT', 0],
    ['1e9', undefined],
    ['999999999999', 86_400_000],
    ['-5', undefined],
    ['soon', undefined],
    ['', undefined],
    [null, undefined],
    [undefined, undefined],
    [{}, undefined]
  ] as const
  for (const [header, expected] of rows) t.equal(retryAfterOf(header, now), expected, String(header))
})
