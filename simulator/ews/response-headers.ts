/** The headers that Exchange and IIS put on every answer of EWS. */
import { randomUUID } from 'node:crypto'
import type { ProtocolResponse } from '../protocol-message.ts'
import { errorPage } from './injected-faults.ts'
import type { ExchangeInstallation } from './installations.ts'

export function unauthorized(authenticate: readonly string[]): ProtocolResponse {
  return errorPage(401, '401 - Unauthorized: Access is denied due to invalid credentials.', {
    'WWW-Authenticate': [...authenticate]
  })
}

export function signed(answer: ProtocolResponse, authenticate: string): ProtocolResponse {
  return { ...answer, headers: { ...answer.headers, 'WWW-Authenticate': authenticate } }
}

export function withExchangeHeaders(
  { version }: ExchangeInstallation,
  answer: ProtocolResponse
): ProtocolResponse {
  const newer = version.build[0] >= 15
  const headers = newer
    ? { 'request-id': randomUUID(), 'X-FEServer': 'EX01', 'X-CalculatedBETarget': 'ex01.hanvisa.example' }
    : {}
  return { ...answer, headers: { ...answer.headers, ...headers, 'X-Powered-By': 'ASP.NET' } }
}
