/** Sessions in lmdb. */
import type { SessionRecord, SessionStore } from '../sessions.ts'
import type { Tables } from './tables.ts'

/** Stands where a tenant's id is expected: sessions are the installation's. */
const OWNER = '*'

interface LmdbAccess {
  read<T>(action: () => T | Promise<T>): Promise<T>
  write<T>(tenant: string, step: () => T): Promise<T>
}

export function lmdbSessions({ sessions }: Tables, { read, write }: LmdbAccess): SessionStore {
  const removeWhere = (isOver: (session: SessionRecord) => boolean) => {
    for (const session of sessions.page(OWNER, {})) {
      if (isOver(session)) sessions.remove(OWNER, session.digest)
    }
  }
  return {
    read: (digest, at) =>
      read(() => {
        const session = sessions.get(OWNER, digest)
        return session !== null && session.expiresAt > at ? session : null
      }),
    save: (session, at) =>
      write(OWNER, () => {
        removeWhere(({ expiresAt }) => expiresAt <= at)
        sessions.put(OWNER, session.digest, session)
      }),
    extend: (digest, expiresAt) =>
      write(OWNER, () => {
        const session = sessions.get(OWNER, digest)
        if (session !== null) sessions.put(OWNER, digest, { ...session, expiresAt })
      }),
    remove: (digest) => write(OWNER, () => sessions.remove(OWNER, digest)),
    take: (digest, at) =>
      write(OWNER, () => {
        const session = sessions.get(OWNER, digest)
        if (session === null) return null
        sessions.remove(OWNER, digest)
        return session.expiresAt > at ? session : null
      }),
    removeOf: (identity) => write(OWNER, () => removeWhere((session) => session.identity === identity))
  }
}
