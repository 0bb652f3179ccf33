/** The directories (tenants) in Entra and the applications registered in them. */
import { X509Certificate } from 'node:crypto'
import { ControlInputError } from './mailboxes.ts'

export interface EntraDirectoryInput {
  /** The directory id, a GUID. */
  readonly id: string
  /** A verified domain that names the directory as well as its id does. */
  readonly domain?: string
  readonly apps?: readonly AppInput[]
  /** How long a token is good for; 3599 unless given, as Entra's are. */
  readonly tokenSeconds?: number
}

export interface AppInput {
  readonly clientId: string
  readonly secret?: string
  /** RFC 3339: from then on the secret is refused as expired. */
  readonly secretExpires?: string
  /** PEM of the certificates whose keys may sign client assertions. */
  readonly certificates?: readonly string[]
  /** The application permissions consented to; `["Calendars.Read"]` unless given, `[]` for no consent at all. */
  readonly roles?: readonly string[]
  /** Addresses of the only mailboxes that the app may open (RBAC for Applications); all unless given. */
  readonly mailboxes?: readonly string[]
  /** Disabled for sign-in. */
  readonly disabled?: boolean
  /** What the administrator answers when they are asked for consent, and the permissions that the application then asks for. */
  readonly adminConsent?: { readonly answer: 'accept' | 'decline'; readonly roles?: readonly string[] }
}

export interface App {
  readonly clientId: string
  readonly secret: string | null
  readonly secretExpires: number | null
  /** By SHA-256 and by SHA-1 thumbprint, lower-case hex. */
  readonly certificates: ReadonlyMap<string, X509Certificate>
  readonly roles: readonly string[]
  readonly mailboxes: ReadonlySet<string> | null
  readonly disabled: boolean
}

export interface EntraDirectory {
  readonly id: string
  readonly domain: string | null
  readonly apps: ReadonlyMap<string, App>
  readonly tokenSeconds: number
  readonly input: EntraDirectoryInput
}

export class EntraDirectories {
  readonly #byId = new Map<string, EntraDirectory>()
  readonly #byDomain = new Map<string, EntraDirectory>()

  /** Creates the directory, or replaces it with its apps; its mailboxes stay. */
  put(input: EntraDirectoryInput): EntraDirectory {
    const apps = (input.apps ?? []).map(appOf)
    const directory: EntraDirectory = {
      id: input.id.toLowerCase(),
      domain: input.domain?.toLowerCase() ?? null,
      apps: new Map(apps.map((app) => [app.clientId.toLowerCase(), app])),
      tokenSeconds: input.tokenSeconds ?? 3599,
      input
    }
    const held = this.#byId.get(directory.id)
    if (held) this.#leaveDomain(held)
    this.#byId.set(directory.id, directory)
    if (directory.domain !== null) this.#byDomain.set(directory.domain, directory)
    return directory
  }

  /** By id or domain. */
  find(name: string): EntraDirectory | undefined {
    const wanted = name.toLowerCase()
    return this.#byId.get(wanted) ?? this.#byDomain.get(wanted)
  }

  list(): EntraDirectory[] {
    return [...this.#byId.values()]
  }

  delete(id: string): boolean {
    const found = this.#byId.get(id.toLowerCase())
    if (!found) return false
    this.#byId.delete(found.id)
    this.#leaveDomain(found)
    return true
  }

  clear(): void {
    this.#byId.clear()
    this.#byDomain.clear()
  }

  #leaveDomain(directory: EntraDirectory): void {
    const { domain } = directory
    if (domain !== null && this.#byDomain.get(domain) === directory) this.#byDomain.delete(domain)
  }
}

function appOf(input: AppInput): App {
  const secretExpires = input.secretExpires === undefined ? null : Date.parse(input.secretExpires)
  if (Number.isNaN(secretExpires))
    throw new ControlInputError(`secretExpires: "${input.secretExpires}" is no time`)
  const certificates = new Map<string, X509Certificate>()
  for (const pem of input.certificates ?? []) {
    const certificate = readCertificate(pem)
    certificates.set(plain(certificate.fingerprint256), certificate)
    certificates.set(plain(certificate.fingerprint), certificate)
  }
  return {
    clientId: input.clientId,
    secret: input.secret ?? null,
    secretExpires,
    certificates,
    roles: input.roles ?? ['Calendars.Read'],
    mailboxes: input.mailboxes ? new Set(input.mailboxes.map((address) => address.toLowerCase())) : null,
    disabled: input.disabled ?? false
  }
}

function readCertificate(pem: string): X509Certificate {
  try {
    return new X509Certificate(pem)
  } catch (cause) {
    throw new ControlInputError('certificates: each must be a certificate in PEM', { cause })
  }
}

function plain(fingerprint: string): string {
  return fingerprint.replaceAll(':', '').toLowerCase()
}
