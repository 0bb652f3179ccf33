/** A connection as operators write it, and as it is shown to them: what may be left out, and what is never given out. */
import type {
  CaldavConnection,
  ConsentedGraphConnection,
  EwsConnection,
  EwsSignIn,
  GraphConnection,
  IcsConnection
} from './connection.ts'

/** The names of the stored secrets. In a body they may stand as they were read, and say nothing by themselves. */
interface StatedSecrets {
  readonly secrets?: readonly string[]
}

type Optional<T, Names extends keyof T> = Omit<T, Names> & Partial<Pick<T, Names>>
type Shown<T> = T & { readonly secrets: readonly string[] }

type SignInWithPassword = Extract<EwsSignIn, { password: string }>
type SignInAsApplication = Extract<EwsSignIn, { kind: 'oauth' }>

/** `application` stands instead of all that says which one it is. */
type OwnOrProvider = Optional<GraphConnection, 'clientId' | 'cloud'> &
  Partial<Pick<ConsentedGraphConnection, 'application'>>

export type PutGraphConnectionBody = Optional<OwnOrProvider, 'pollSeconds'> & StatedSecrets
export type PutEwsConnectionBody = Optional<
  Omit<EwsConnection, 'auth'>,
  'access' | 'version' | 'pollSeconds'
> & {
  readonly auth: Optional<SignInWithPassword, 'password'> | SignInAsApplication
} & StatedSecrets
type CaldavAccount = NonNullable<CaldavConnection['auth']>

export type PutCaldavConnectionBody = Optional<Omit<CaldavConnection, 'auth'>, 'access' | 'pollSeconds'> & {
  readonly auth?: Optional<CaldavAccount, 'password'>
} & StatedSecrets
export type PutIcsConnectionBody = Optional<IcsConnection, 'pollSeconds'> & StatedSecrets

/** A secret that is left out stays, as long as everything that says where it is sent stays too. */
export type PutConnectionBody =
  | PutGraphConnectionBody
  | PutEwsConnectionBody
  | PutIcsConnectionBody
  | PutCaldavConnectionBody

export type ConnectionResponse =
  | Shown<Omit<OwnOrProvider, 'clientSecret' | 'certificate'>>
  | Shown<
      Omit<EwsConnection, 'auth'> & {
        readonly auth:
          | Omit<SignInWithPassword, 'password'>
          | Omit<SignInAsApplication, 'clientSecret' | 'certificate'>
      }
    >
  | Shown<IcsConnection>
  | Shown<Omit<CaldavConnection, 'auth'> & { readonly auth?: Omit<CaldavAccount, 'password'> }>
