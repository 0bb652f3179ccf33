/** Seals texts under one master key (AES-256-GCM, NIST SP 800-38D), each for one purpose alone. */
import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto'
import { SetupError } from '../../errors.ts'

export interface Unsealer {
  /** Throws a SetupError when the key is another one, or the text or its purpose is not as it was. */
  open(sealed: string, purpose: string): string
}

export interface Sealer extends Unsealer {
  /** `purpose` says what the text is and whose (`mailbox/acme/anna`): what is sealed for one opens for no other. */
  seal(plain: string, purpose: string): string
}

const FORM = 'v2'
const KEY_BYTES = 32
/** The length that the standard recommends (section 8.2), random: safe for 2^32 texts under one key. */
const NONCE_BYTES = 12
const TAG_BYTES = 16
const ID_BYTES = 6

/** The sealed form is text: `v2.`, the key's id, and base64url of nonce, authentication tag and ciphertext. */
export function sealer(masterKey: Buffer): Sealer {
  const id = masterKeyId(masterKey)
  const key = Buffer.from(masterKey)
  const boundTo = (purpose: string) => Buffer.from(`hanvisa ${FORM} ${id} ${purpose}`)
  return {
    seal(plain, purpose) {
      const nonce = randomBytes(NONCE_BYTES)
      const cipher = createCipheriv('aes-256-gcm', key, nonce, { authTagLength: TAG_BYTES })
      cipher.setAAD(boundTo(purpose))
      const hidden = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()])
      return `${FORM}.${id}.${Buffer.concat([nonce, cipher.getAuthTag(), hidden]).toString('base64url')}`
    },
    open(sealed, purpose) {
      const [form, keyId, text = '', ...rest] = sealed.split('.')
      if (form !== FORM || keyId !== id || rest.length > 0 || !/^[\w-]+$/.test(text)) throw doesNotFit()
      const bytes = Buffer.from(text, 'base64url')
      // The last character may carry bits that decoding drops; one text, one sealed form.
      if (bytes.length < NONCE_BYTES + TAG_BYTES || bytes.toString('base64url') !== text) throw doesNotFit()
      const decipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, NONCE_BYTES), {
        authTagLength: TAG_BYTES
      })
      decipher.setAAD(boundTo(purpose))
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

/** Tells master keys apart and says nothing of the key itself: the beginning of an HMAC. */
export function masterKeyId(masterKey: Buffer): string {
  if (masterKey.length !== KEY_BYTES) {
    throw new SetupError(
      `The master key has ${masterKey.length} bytes and must have ${KEY_BYTES}: make one with "openssl rand -base64 32".`
    )
  }
  const digest = createHmac('sha256', masterKey).update('hanvisa master key id').digest()
  return digest.subarray(0, ID_BYTES).toString('base64url')
}

/** The id of the key that the text was sealed under; null where it is no sealed text of this form. */
export function sealingKeyId(sealed: string): string | null {
  const [form, id = ''] = sealed.split('.')
  return form === FORM && /^[\w-]{8}$/.test(id) ? id : null
}

export function doesNotFit(): SetupError {
  return new SetupError(
    'The master key does not fit what is kept, or what is kept was altered: start with the HANVISA_MASTER_KEY ' +
      'that this data was made with.'
  )
}
