/** NTLM in the envelope of SPNEGO, as the scheme Negotiate carries it (RFC 4178, RFC 4559, MS-SPNG). */
import { context, DerFault, derTag, readDer, readDerValue, writeDer } from './der.ts'
import { malformed } from './malformed.ts'

/** 1.3.6.1.5.5.2 and 1.3.6.1.4.1.311.2.2.10, in DER. */
const spnego = Buffer.from('2b0601050502', 'hex')
const ntlmssp = Buffer.from('2b06010401823702020a', 'hex')

/** NTLM alone is offered: Kerberos would need the realm's own tickets. The signature is over this list. */
export const mechanisms = writeDer(derTag.sequence, writeDer(derTag.oid, ntlmssp))

export function wrapNegotiate(message: Buffer): Buffer {
  const init = writeDer(
    derTag.sequence,
    writeDer(context(0), mechanisms),
    writeDer(context(2), writeDer(derTag.octets, message))
  )
  return writeDer(derTag.application0, writeDer(derTag.oid, spnego), writeDer(context(0), init))
}

/** The CHALLENGE within the server's NegTokenResp. Throws RemoteError `protocol_error`. */
export function unwrapChallenge(token: Buffer): Buffer {
  try {
    const members = readDer(readDerValue(readDerValue(token, context(1)), derTag.sequence))
    const response = members.find(({ tag }) => tag === context(2))
    if (response === undefined) throw malformed('it holds no token')
    return readDerValue(response.content, derTag.octets)
  } catch (error) {
    if (error instanceof DerFault) throw malformed('its SPNEGO envelope cannot be read')
    throw error
  }
}

/** `signature` is over `mechanisms`: Windows asks for it where the message has a MIC. */
export function wrapAuthenticate(message: Buffer, signature: Buffer | null): Buffer {
  const members = [writeDer(context(2), writeDer(derTag.octets, message))]
  if (signature !== null) members.push(writeDer(context(3), writeDer(derTag.octets, signature)))
  return writeDer(context(1), writeDer(derTag.sequence, ...members))
}
