/** The kind `http`: what people have in a switch with a web API, set by a recipe (rules/recipes). */
import { Type } from 'typebox'
import type { FieldFault } from '../../errors.ts'
import type { ConsumerHost, ConsumerKind } from '../consumer.ts'
import type { Recipe, Recipes } from '../recipe.ts'
import { HttpPeer } from './http-peer.ts'
import type { HttpSettings } from './http-settings.ts'

const SECOND_MS = 1_000

const secret = (description: string) =>
  Type.Optional(Type.String({ minLength: 1, maxLength: 4000, description, examples: ['…'] }))

const address = (description: string, example: string) =>
  Type.Optional(Type.String({ pattern: '^https?://', maxLength: 500, description, examples: [example] }))

export const httpKind: ConsumerKind<HttpSettings> = {
  kind: 'http',
  members: {
    recipe: Type.String({
      pattern: '^[a-z0-9][a-z0-9-]{0,63}$',
      description: 'The name of a file in rules/recipes: `webex`, `3cx`, `yeastar`, or one of the provider.',
      examples: ['webex']
    }),
    url: address(
      'Where the API is, https, at an address that the installation allows. Not needed where the recipe has it.',
      'https://pbx.example.se'
    ),
    auth: Type.Union(
      [
        Type.Object(
          {
            kind: Type.Literal('oauth'),
            tokenUrl: address(
              'Where tokens are got, unless the recipe says it.',
              'https://pbx.example.se/connect/token'
            ),
            clientId: Type.String({
              minLength: 1,
              maxLength: 500,
              description: 'The client.',
              examples: ['hanvisa']
            }),
            clientSecret: secret('Never shown again.'),
            refreshToken: secret(
              'Where the API gives one (Webex does): tokens are got with it. Never shown again.'
            )
          },
          { additionalProperties: false }
        ),
        Type.Object(
          { kind: Type.Literal('bearer'), token: secret('Never shown again.') },
          { additionalProperties: false }
        ),
        Type.Object(
          {
            kind: Type.Literal('basic'),
            user: Type.String({
              minLength: 1,
              maxLength: 200,
              description: 'The account.',
              examples: ['hanvisa']
            }),
            password: secret('Never shown again.')
          },
          { additionalProperties: false }
        )
      ],
      { description: 'How the API knows us.' }
    ),
    vars: Type.Optional(
      Type.Record(
        Type.String({ pattern: '^[A-Za-z][A-Za-z0-9]{0,63}$' }),
        Type.String({ minLength: 1, maxLength: 200, pattern: '^\\P{C}*$' }),
        {
          maxProperties: 20,
          default: {},
          description: 'The variables of the recipe; its page in docs/switches names them.',
          examples: [{ transferNumber: '+4681234567' }]
        }
      )
    ),
    map: Type.Optional(
      Type.Record(
        Type.String({ pattern: '^(\\*|[a-z0-9-]{1,64})$' }),
        Type.String({ minLength: 1, maxLength: 200 }),
        {
          maxProperties: 100,
          default: {},
          description:
            'The value of each closed diversion there; `*` for the rest. What is left out is as the recipe has it.',
          examples: [{ meeting: 'MEETING', '*': 'UNAVAILABLE' }]
        }
      )
    )
  },
  example: {
    kind: 'http',
    recipe: 'webex',
    auth: {
      kind: 'oauth',
      clientId: 'C0ffee',
      clientSecret: 'made-up-for-the-example',
      refreshToken: 'made-up-for-the-example'
    },
    vars: { transferNumber: '+4681234567' },
    map: { meeting: 'MEETING', '*': 'UNAVAILABLE' }
  },
  secretMembers: ['auth/clientSecret', 'auth/refreshToken', 'auth/token', 'auth/password'],
  passingSecrets: [],
  makeSecrets: () => ({}),
  destinationMembers: ['recipe', 'url', 'auth'],
  keeps: 'states',
  maxUsersPerSend: 1,
  maxSendsAtOnce: 4,
  defaultPerSecond: 20,
  sendTimeoutMs: 30 * SECOND_MS,
  retryDelaysMs: [1, 5, 30, 120, 300].map((seconds) => seconds * SECOND_MS),
  disableAfterMs: null,
  validate(settings, { recipes }) {
    const recipe = recipes.get(settings.recipe)
    if (recipe === undefined) {
      return [{ field: 'recipe', message: `must be one of ${[...recipes.keys()].join(', ')}` }]
    }
    return [...authFaults(settings), ...urlFaults(settings, recipe), ...valueFaults(settings, recipe)]
  },
  hostsOf: (settings, { recipes }) => hostsOf(settings, recipes),
  complete: (body) => ({ vars: {}, map: {}, ...body }) as unknown as HttpSettings,
  riskOf: ({ recipe }, { recipes }) =>
    recipes.get(recipe)?.ends === false
      ? 'What is set has no end of its own there: when Hanvisa is gone, it stays until somebody changes it.'
      : null,
  openPeer(options, deps) {
    const recipe = deps.recipes.get(options.settings.recipe)
    // The controller says so in the log: the file was removed since.
    if (recipe === undefined) throw new Error(`There is no recipe ${options.settings.recipe}.`)
    return new HttpPeer(options, recipe, deps)
  }
}

function authFaults({ auth }: HttpSettings): FieldFault[] {
  const missing = (name: string) => [
    { field: `auth/${name}`, message: 'is required: none is held for this consumer' }
  ]
  if (auth.kind === 'oauth') return auth.clientSecret === undefined ? missing('clientSecret') : []
  if (auth.kind === 'bearer') return auth.token === undefined ? missing('token') : []
  return auth.password === undefined ? missing('password') : []
}

function urlFaults({ url, auth }: HttpSettings, recipe: Recipe): FieldFault[] {
  const faults: FieldFault[] = []
  if (url === undefined && recipe.url === undefined) {
    faults.push({ field: 'url', message: 'is required: each switch has an address of its own' })
  }
  const tokenUrl = auth.kind === 'oauth' ? auth.tokenUrl : undefined
  if (auth.kind === 'oauth' && tokenUrl === undefined && recipe.token === undefined) {
    faults.push({ field: 'auth/tokenUrl', message: 'is required: the recipe does not say it' })
  }
  for (const [field, text] of [
    ['url', url],
    ['auth/tokenUrl', tokenUrl]
  ] as const) {
    if (text === undefined) continue
    const parsed = URL.canParse(text) ? new URL(text) : null
    if (parsed === null || parsed.username !== '' || parsed.search !== '' || parsed.hash !== '') {
      faults.push({
        field,
        message: 'must be an https address such as https://pbx.example.se, without ? and #'
      })
    }
  }
  return faults
}

function valueFaults({ map, vars }: HttpSettings, recipe: Recipe): FieldFault[] {
  const known = recipe.vars ?? {}
  return [
    ...Object.entries(map).flatMap(([code, value]) =>
      recipe.values.includes(value)
        ? []
        : [{ field: `map/${code}`, message: `must be one of ${recipe.values.join(', ')}` }]
    ),
    ...Object.keys(vars).flatMap((name) =>
      name in known ? [] : [{ field: `vars/${name}`, message: 'is none of the recipe' }]
    ),
    ...Object.entries(known).flatMap(([name, { required = false }]) =>
      required && vars[name] === undefined ? [{ field: `vars/${name}`, message: 'is required' }] : []
    )
  ]
}

function hostsOf({ recipe, url, auth }: HttpSettings, recipes: Recipes): ConsumerHost[] {
  const base = url ?? recipes.get(recipe)?.url
  const places = [
    ['url', base],
    ['auth/tokenUrl', auth.kind === 'oauth' ? auth.tokenUrl : undefined]
  ] as const
  return places.flatMap(([field, text]) => {
    if (text === undefined) return []
    const { hostname, protocol } = new URL(text)
    return [{ field, host: hostname.replace(/^\[|\]$/g, ''), isPlain: protocol === 'http:' }]
  })
}
