/** Seals secrets under the master key (AES-256-GCM, NIST SP 800-38D), and knows whether the key is still the same. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SetupError } from '../../errors.ts'
import { withSetupError, writeDurably } from '../lmdb/data-dir.ts'

export interface Sealer {
  /** `purpose` says what the text is and whose (`connection:acme`): what is sealed for one opens for no other. */
  seal(plain: string, purpose: string): string
  /** Throws a SetupError when the key is another one, or the text or its purpose is not as it was. */
  open(sealed: string, purpose: string): string
}

const FORM = 'v1'
const KEY_BYTES = 32
/** The length that the standard recommends (section 8.2), random: safe for 2^32 texts under one key. */
const NONCE_BYTES = 12
const TAG_BYTES = 16

/** The sealed form is text: `v1.` and base64url of nonce, authentication tag and ciphertext. */
export function sealer(masterKey: Buffer): Sealer {
  if (masterKey.length !== KEY_BYTES) {
    throw new SetupError(
      `The master key has ${masterKey.length} bytes and must have ${KEY_BYTES}: make one with "openssl rand -base64 32".`
    )
  }
  const key = Buffer.from(masterKey)
  const bound = (purpose: string) => Buffer.from(`hanvisa ${FORM} ${purpose}`)
  return {
    seal(plain, purpose) {
      const nonce = randomBytes(NONCE_BYTES)
      const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
      cipher.setAAD(bound(purpose))
      const hidden = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()])
      return `${FORM}.${Buffer.concat([nonce, cipher.getAuthTag(), hidden]).toString('base64url')}`
    },
    open(sealed, purpose) {
      const [form, text = '', ...rest] = sealed.split('.')
      if (form !== FORM || rest.length > 0 || !/^[\w-]+$/.test(text)) throw doesNotFit()
      const bytes = Buffer.from(text, 'base64url')
      // The last character may carry bits that decoding drops; one text, one sealed form.
      if (bytes.length < NONCE_BYTES + TAG_BYTES || bytes.toString('base64url') !== text) throw doesNotFit()
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES), {
        authTagLength: TAG_BYTES
      })
      decipher.setAAD(bound(purpose))
      decipher.setAuthTag(bytes.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES))
      const plain = decipher.update(bytes.subarray(NONCE_BYTES + TAG_BYTES))
      try {
        return Buffer.concat([plain, decipher.final()]).toString('utf8')
      } catch {
        throw doesNotFit()
      }
    }
  }
}

const KNOWN = 'hanvisa'
const KNOWN_PURPOSE = 'master key check'

/**
 * Refuses (SetupError) a master key that is not the one which the folder was first used with. A sealed word in
 * `key-check` remembers it; call this while the folder is held, that is after `openLmdb`.
 */
export async function checkMasterKey(folder: string, { seal, open }: Sealer): Promise<void> {
  const file = join(folder, 'key-check')
  await withSetupError(folder, async () => {
    const kept = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null
      throw error
    })
    if (kept === null) await writeDurably(file, `${seal(KNOWN, KNOWN_PURPOSE)}\n`)
    else if (open(kept.trim(), KNOWN_PURPOSE) !== KNOWN) throw doesNotFit()
  })
}

/**
 * The same for a store that several processes share: `keepFirst` keeps a text unless one is kept already, and gives the one
 * that is kept (`RedisStore.keptCheck`).
 */
export async function checkSharedMasterKey(
  keepFirst: (text: string) => Promise<string>,
  { seal, open }: Sealer
): Promise<void> {
  if (open(await keepFirst(seal(KNOWN, KNOWN_PURPOSE)), KNOWN_PURPOSE) !== KNOWN) throw doesNotFit()
}

function doesNotFit(): SetupError {
  return new SetupError(
    'The master key does not fit what is kept, or what is kept was altered: start with the HANVISA_MASTER_KEY ' +
      'that this data was made with.'
  )
}
