/** The EWS connector passes what every connector must, for each access and each way to sign in, over the simulator. */

import { connectorContract } from '../../contracts/connector.ts'
import { subscriptionContract } from '../../contracts/connector-subscription.ts'
import t from '../../group/tap.ts'
import { calendarServerOf, notifyingServerOf, openExchange } from './exchange.ts'

const unknownHere = {
  'private and confidential events say so':
    'GetUserAvailability shows private alone, and withholds the subject',
  'cancelled events say so':
    'GetUserAvailability has no such flag; a subject that begins "Inställt:" is tested elsewhere',
  'what the user answered': 'GetUserAvailability does not say; GET …/sync says so',
  categories: 'GetUserAvailability has none'
}

const cut = {
  'subjects as they were written': 'FindItem cuts subjects at 255 characters; a subject of 304 is in the case'
}

for (const kind of ['ntlm', 'basic'] as const) {
  await t.test(`delegate, ${kind}`, async (t) => {
    await connectorContract(t, calendarServerOf(await openExchange(t, 'delegate', kind)), unknownHere)
  })
}

// There is no delegate by oauth: Exchange takes an application's token with impersonation alone.
for (const kind of ['ntlm', 'basic', 'oauth'] as const) {
  await t.test(`impersonation, ${kind}`, async (t) => {
    await connectorContract(t, calendarServerOf(await openExchange(t, 'impersonation', kind)), cut)
  })
}

for (const version of ['2010_SP1', 'SE'] as const) {
  await t.test(`watching, ${version}`, async (t) => {
    const exchange = await openExchange(t, 'impersonation')
    exchange.install({ version })
    await subscriptionContract(t, notifyingServerOf(exchange), {
      'a connector that closes leaves its watches to the next one':
        'Exchange has no list of subscriptions: the next connector makes its own, and those of before end in half an hour'
    })
  })
}
