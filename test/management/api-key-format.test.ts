/** The form of API keys: what scanners and typing errors are recognised by. */

import { digestOf } from '../../src/lib/digest.ts'
import { isWellFormedKey, makeApiKey } from '../../src/management/api-key-format.ts'
import t from '../group/tap.ts'

t.test('a key is hvk_, 30 random characters and their CRC-32, and no two are the same', async (t) => {
  const keys = Array.from({ length: 1000 }, makeApiKey)
  for (const { key, prefix, digest } of keys) {
    t.match(key, /^hvk_[0-9A-Za-z]{36}$/)
    t.ok(isWellFormedKey(key))
    t.equal(prefix, key.slice(0, 8))
    t.equal(digest, digestOf(key))
  }
  t.equal(new Set(keys.map(({ key }) => key.slice(4, 34))).size, 1000)
})

t.test('the checksum is the CRC-32 of what precedes it, as zlib and GitHub compute it', async (t) => {
  // Python: zlib.crc32(b"hvk_" + b"0" * 30) is 431489569, in base62 with digits, capitals, small letters "0TCU9B".
  t.ok(isWellFormedKey('hvk_0000000000000000000000000000000TCU9B'))
})

t.test('one changed, missing or added character is found', async (t) => {
  const { key } = makeApiKey()
  for (let place = 0; place < key.length; place++) {
    const other = key[place] === 'a' ? 'b' : 'a'
    t.notOk(isWellFormedKey(key.slice(0, place) + other + key.slice(place + 1)), `changed at ${place}`)
    t.notOk(isWellFormedKey(key.slice(0, place) + key.slice(place + 1)), `missing at ${place}`)
    t.notOk(isWellFormedKey(`${key.slice(0, place)}0${key.slice(place)}`), `added at ${place}`)
  }
  for (const text of ['', 'hvk_', `${key}\n`, ` ${key}`, key.toUpperCase(), `${key}${key}`]) {
    t.notOk(isWellFormedKey(text), JSON.stringify(text))
  }
})
