/**
 * How an API key looks: `hvk_`, 30 random base62 characters (178 bits) and the CRC-32 of both in 6 base62 characters, as GitHub's
 * tokens do. The checksum finds typing errors and lets secret scanners recognise keys; it protects nothing.
 */
import { randomInt } from 'node:crypto'
import { crc32 } from 'node:zlib'
import { digestOf } from '../lib/digest.ts'

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const FORM = /^hvk_[0-9A-Za-z]{36}$/
const CHECKED_LENGTH = 34
const KEY_LENGTH = 40
/** `hvk_` and four of the random characters. */
const PREFIX_LENGTH = 8

export interface NewApiKey {
  readonly key: string
  readonly prefix: string
  readonly digest: string
}

export function makeApiKey(): NewApiKey {
  const body = `hvk_${randomBase62(30)}`
  const key = `${body}${checksum(body)}`
  // The key's 178 random bits need neither salt nor a slow hash.
  return { key, prefix: key.slice(0, PREFIX_LENGTH), digest: digestOf(key) }
}

export function randomBase62(length: number): string {
  return Array.from({ length }, () => ALPHABET[randomInt(62)]).join('')
}

/** Whether it is as long as a key and begins like one: for a look-up that decides anyhow, at less cost than `isWellFormedKey`. */
export function isLikeKey(text: string): boolean {
  return text.length === KEY_LENGTH && text.startsWith('hvk_')
}

/** Whether it has the form and the checksum of a key; what has not needs no look-up. */
export function isWellFormedKey(text: string): boolean {
  return FORM.test(text) && checksum(text.slice(0, CHECKED_LENGTH)) === text.slice(CHECKED_LENGTH)
}

function checksum(text: string): string {
  let rest = crc32(text)
  let digits = ''
  for (let place = 0; place < 6; place++) {
    digits = ALPHABET[rest % 62] + digits
    rest = Math.floor(rest / 62)
  }
  return digits
}
