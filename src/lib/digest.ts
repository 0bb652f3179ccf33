/** A digest that names a text, or proves it known, without holding it. */
import { hash } from 'node:crypto'

/** SHA-256, base64url: 43 characters. */
export function digestOf(text: string): string {
  return hash('sha256', text, 'base64url')
}
