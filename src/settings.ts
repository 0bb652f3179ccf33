/** The settings' names, defaults and descriptions. */
import { type Static, Type } from 'typebox'

/** What an environment may hold; everything else that begins with `HANVISA_` is a typing error. */
export const Settings = Type.Object({
  HANVISA_HOST: Type.String({ default: '127.0.0.1', description: 'The address to listen at' }),
  HANVISA_PORT: Type.String({ default: '8080', description: 'The port to listen at; 0 is any free one' }),
  HANVISA_DATA_DIR: Type.String({
    default: './data',
    description:
      'The folder in which everything is kept; with Redis only the calendar files of `ics` connections, which all workers must see'
  }),
  HANVISA_REDIS_URL: Type.Optional(
    Type.String({ description: 'Where everything is kept instead, so that several processes can share it' })
  ),
  HANVISA_ROLE: Type.String({
    default: 'all',
    description:
      'With Redis: `api` answers calls, `worker` reads calendars (and has /healthz, /readyz and /metrics only), `all` does both'
  }),
  HANVISA_ADMIN_KEY: Type.Optional(
    Type.String({ description: 'Opens everything: 20 to 200 visible ASCII; needed with Redis' })
  ),
  HANVISA_MASTER_KEY: Type.Optional(
    Type.String({ description: 'Seals secrets: 32 bytes in base64; needed with Redis' })
  ),
  HANVISA_MASTER_KEY_NEXT: Type.Optional(
    Type.String({
      description:
        'While the master key is rotated: the new one, which `hanvisa rotate-key` seals everything under'
    })
  ),
  HANVISA_PUBLIC_URL: Type.Optional(
    Type.String({
      description:
        'The address at which the service is reached from outside: Graph sends its notifications there'
    })
  ),
  HANVISA_ALLOWED_NETWORKS: Type.Optional(
    Type.String({
      description:
        'Networks of your own (CIDR, with commas) that connections may lead to over https, besides public addresses: `10.1.2.0/24, fd12:3456:789a::/48`'
    })
  ),
  HANVISA_ALLOW_PRIVATE_TARGETS: Type.String({
    default: '0',
    description: 'With 1, connections may be http, loopback and private addresses'
  }),
  HANVISA_TRUST_PROXY: Type.Optional(
    Type.String({
      description:
        'The reverse proxies whose X-Forwarded-For is trusted, addresses and CIDR ranges with commas: `10.0.0.0/8`'
    })
  ),
  HANVISA_OIDC_ISSUER: Type.Optional(
    Type.String({
      description:
        'Where operators sign in (OpenID Connect): `https://login.microsoftonline.com/DIRECTORY/v2.0`; `organizations` for those of customers too'
    })
  ),
  HANVISA_OIDC_CLIENT_ID: Type.Optional(
    Type.String({
      description:
        'The application’s id there; its redirect address is HANVISA_PUBLIC_URL with `/sign-in/callback`'
    })
  ),
  HANVISA_OIDC_CLIENT_SECRET: Type.Optional(Type.String({ description: 'The application’s secret there' })),
  HANVISA_OIDC_ROLES_CLAIM: Type.Optional(
    Type.String({
      description:
        'The claim that lists app roles, `roles` unless set; a path for others (`realm_access.roles`)'
    })
  ),
  HANVISA_OIDC_PROVIDER_DIRECTORY: Type.Optional(
    Type.String({
      description:
        'With `organizations`: the directory whose operators with the app role Hanvisa.Provider are the provider’s'
    })
  ),
  HANVISA_ENTRA_CLIENT_ID: Type.Optional(
    Type.String({
      description:
        'The provider’s own multi-tenant application, which customers consent to; its redirect address is HANVISA_PUBLIC_URL with `/consent/callback`'
    })
  ),
  HANVISA_ENTRA_CLIENT_SECRET: Type.Optional(Type.String({ description: 'Its client secret' })),
  HANVISA_ENTRA_CLIENT_SECRET_EXPIRES: Type.Optional(
    Type.String({
      description:
        'The day on which that secret ends (`2027-06-30`), as Entra shows it: an alarm and a metric warn of it 30 days before'
    })
  ),
  HANVISA_ENTRA_CLIENT_CERTIFICATE: Type.Optional(
    Type.String({ description: 'Instead of a secret: the certificate that is registered for it, PEM' })
  ),
  HANVISA_ENTRA_CLIENT_KEY: Type.Optional(
    Type.String({ description: 'The private key of that certificate, PEM without a passphrase' })
  ),
  HANVISA_ENTRA_CLOUD: Type.Optional(
    Type.String({
      description:
        'Where it is registered: `global` unless set, `usgov`, `dod`, `china`, or the https roots of sign-in and Graph with a space between'
    })
  ),
  HANVISA_SMTP_URL: Type.Optional(
    Type.String({
      description:
        'The mail relay that alarms leave by: `smtp://USER:PASSWORD@mail.example.com:587`, or `smtps://…:465`'
    })
  ),
  HANVISA_SMTP_REQUIRE_TLS: Type.Optional(
    Type.String({
      description:
        'Whether nothing is sent to the relay without TLS: 1 unless set, save for a relay on this machine; 0 for one without STARTTLS'
    })
  ),
  HANVISA_MAIL_FROM: Type.Optional(
    Type.String({
      description: 'The sender of alarms by e-mail: `alarms@example.com`, or `Hanvisa <alarms@example.com>`'
    })
  ),
  HANVISA_SMS_GATEWAY: Type.Optional(
    Type.String({
      description:
        'The gateway that alarms leave by as SMS: `46elks`, `twilio`, `sinch`, `gatewayapi`, `link`, or a JSON file that describes another'
    })
  ),
  HANVISA_SMS_URL: Type.Optional(Type.String({ description: 'Its address, where it is not the preset’s' })),
  HANVISA_SMS_USER: Type.Optional(
    Type.String({ description: 'The user, account or service plan at the gateway' })
  ),
  HANVISA_SMS_PASSWORD: Type.Optional(Type.String({ description: 'The password or token at the gateway' })),
  HANVISA_SMS_FROM: Type.Optional(
    Type.String({ description: 'The sender of SMS: up to 11 letters and digits, or a number' })
  ),
  HANVISA_SMS_PARAMETERS: Type.Optional(
    Type.String({ description: 'What else the gateway needs: `region=eu,platformPartnerId=1234`' })
  ),
  HANVISA_ALERTMANAGER_URL: Type.Optional(
    Type.String({
      description:
        'Alertmanagers that tenants’ alarms are pushed to as well, all members of a cluster with commas: `http://alertmanager:9093`'
    })
  ),
  HANVISA_HEARTBEAT_URL: Type.Optional(
    Type.String({
      description:
        'Called every minute while alarms are looked after: who misses it says that Hanvisa is dead'
    })
  ),
  HANVISA_CALLS_PER_MINUTE: Type.String({
    default: '600',
    description:
      'Calls that one key, or one address without a key, may make in a minute; ten times as many reads of statuses'
  }),
  HANVISA_LONG_POLLS_PER_KEY: Type.String({
    default: '100',
    description: 'Calls of one key that may wait for changes at the same time, event streams included'
  }),
  HANVISA_HISTORY_DAYS: Type.String({
    default: '2',
    description:
      'Days for which what is over is kept: entries of the change log, and intervals of timelines that ended; 2 at the least'
  }),
  HANVISA_AUDIT_DAYS: Type.String({
    default: '365',
    description: 'How many days entries of the audit are kept'
  }),
  HANVISA_LOG_LEVEL: Type.String({ default: 'info', description: 'From which level on things are logged' })
})
export type SettingName = keyof Static<typeof Settings>
