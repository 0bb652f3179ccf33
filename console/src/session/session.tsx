/** Who uses the console: asked of `/v1/me` at the start, after a key was typed, and when an answer says that the session ended. */
import { createContext, createResource, createSignal, type ParentProps, useContext } from 'solid-js'
import {
  ApiError,
  api,
  dataOf,
  type Principal,
  setUnauthorizedListener,
  storedKey,
  storeKey
} from '../api/client.ts'

interface Session {
  /** Null: nobody; undefined: not known yet. */
  readonly principal: () => Principal | null | undefined
  /** Whether somebody was signed in, and is no more. */
  readonly hasEnded: () => boolean
  /** Whether the service could not be asked who this is. */
  readonly isUnreachable: () => boolean
  /** Whether the key was taken. */
  readonly signInWithKey: (key: string) => Promise<boolean>
  readonly signOut: () => Promise<void>
}

const Context = createContext<Session>()

async function fetchPrincipal(): Promise<Principal | null> {
  try {
    return await dataOf(api.GET('/v1/me'))
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) return null
    throw error
  }
}

export function SessionProvider(props: ParentProps) {
  const [hasEnded, setHasEnded] = createSignal(false)
  const [principal, { mutate, refetch }] = createResource<Principal | null>(fetchPrincipal)
  setUnauthorizedListener(() => {
    setHasEnded(true)
    storeKey(null)
    mutate(null)
  })
  window.addEventListener('online', () => void refetch())
  const session: Session = {
    principal: () => (principal.error === undefined ? principal.latest : undefined),
    hasEnded,
    isUnreachable: () => principal.error !== undefined,
    async signInWithKey(key) {
      storeKey(key)
      const found = await fetchPrincipal()
      if (found === null || found.role === 'monitor') storeKey(null)
      if (found === null) return false
      setHasEnded(false)
      if (found.role !== 'monitor') mutate(found)
      return true
    },
    async signOut() {
      if (storedKey() === null) await api.POST('/sign-out', {})
      storeKey(null)
      setHasEnded(false)
      mutate(null)
    }
  }
  return <Context.Provider value={session}>{props.children}</Context.Provider>
}

export function useSession(): Session {
  return useContext(Context)!
}
