// Commands that span receives: nothing lost, nothing taken too much, linear, bounded.

import t from 'tap'
import {
  AUTHENTICATED_LIMITS,
  DECODE_COMMAND,
  DECODE_ERROR,
  DECODE_INCOMPLETE,
  UNAUTHENTICATED_LIMITS,
} from '../../src/wire/decoder.ts'
import { dropIdleStorage, QUERY_TOO_LARGE, QueryBuffer } from '../../src/wire/query-buffer.ts'
import { encodeWords } from '../support/resp.ts'
import { commandWords } from './responder.ts'

const MEGABYTE = 1024 * 1024
const GIGABYTE = 1024 * MEGABYTE

/** Feeds one command in pieces of `size` bytes; the buffer still holds it afterwards. */
function feedWhole(query: QueryBuffer, stream: Uint8Array, size: number): number {
  let at = 0
  while (at < stream.length) {
    const to = Math.min(at + size, stream.length)
    at = query.feed(stream, at, to, AUTHENTICATED_LIMITS)
    if (query.result !== DECODE_INCOMPLETE) return at
  }
  return at
}

t.test('takes only what its command needs', async (t) => {
  const first = encodeWords(['SET', 'key', 'v'.repeat(3000)])
  const stream = Buffer.concat([first, encodeWords(['PING']), encodeWords(['ECHO', 'x'])])
  for (let cut = 1; cut < first.length; cut += 13) {
    const query = new QueryBuffer(GIGABYTE)
    t.equal(query.feed(stream, 0, cut, AUTHENTICATED_LIMITS), cut)
    t.equal(query.result, DECODE_INCOMPLETE)
    t.equal(query.byteLength, cut)
    t.equal(query.feed(stream, cut, stream.length, AUTHENTICATED_LIMITS), first.length)
    t.equal(query.result, DECODE_COMMAND)
    t.equal(commandWords(query.decoder)[2].length, 3000)
    t.same(Buffer.from(query.takeHeld(query.decoder.end)), first)
    t.equal(query.byteLength, 0)
    t.ok(query.capacityBytes < 1024)
  }
})

t.test('copies at most three times what arrived, whatever the pieces', async (t) => {
  const large = encodeWords(['SET', 'key', Buffer.alloc(32 * MEGABYTE, 0x76)])
  const words = encodeWords(['RPUSH', ...Array(20_000).fill('some value')])
  const tiny = Buffer.from(`*100000\r\n${'$1\r\na\r\n'.repeat(100_000)}`)
  const line = Buffer.from(`ECHO ${'x'.repeat(60_000)}\r\n`)
  const table: [string, Uint8Array, number][] = [
    ['32 MB in 1 KB pieces', large, 1024],
    ['32 MB in 64 KB pieces', large, 65_536],
    ['20,000 arguments in 1-byte pieces', words, 1],
    ['20,000 arguments in 100-byte pieces', words, 100],
    ['100,000 arguments in 1-byte pieces', tiny, 1],
    ['an inline line in 1-byte pieces', line, 1],
  ]
  for (const [name, stream, size] of table) {
    const query = new QueryBuffer(GIGABYTE)
    t.equal(feedWhole(query, stream, size), stream.length)
    t.equal(query.result, DECODE_COMMAND, name)
    const ratio = query.copiedBytes / stream.length
    t.ok(ratio <= 3, `${name}: copied ${ratio.toFixed(2)} times, limit 3`)
    const room = (query.capacityBytes - query.decoder.argStarts.byteLength * 2) / stream.length
    t.ok(room <= 2.1, `${name}: holds ${room.toFixed(2)} times its bytes, limit 2.1`)
  }
})

t.test('a large bulk ends in a buffer of its own size', async (t) => {
  const stream = encodeWords(['SET', 'key', Buffer.alloc(24 * MEGABYTE)])
  const query = new QueryBuffer(GIGABYTE)
  feedWhole(query, stream, 65_536)
  t.ok(query.capacityBytes < stream.length + 4096, `${query.capacityBytes}`)
})

t.test('a large command takes the memory of the last one, if that is free', async (t) => {
  const stream = encodeWords(['SET', 'key', Buffer.alloc(2 * MEGABYTE, 'a')])
  const first = new QueryBuffer(GIGABYTE)
  const second = new QueryBuffer(GIGABYTE)
  feedWhole(first, stream, 65_536)
  const bytes = first.decoder.bytes
  first.release()
  feedWhole(first, stream, 65_536)
  t.equal(first.decoder.bytes, bytes, 'used again')
  feedWhole(second, stream, 65_536)
  t.not(second.decoder.bytes, bytes, 'not while somebody has it')
  t.same(Buffer.from(first.takeHeld(first.decoder.end)), stream)
  feedWhole(first, stream, 65_536)
  t.not(first.decoder.bytes, bytes, 'taken for good')
  const last = first.decoder.bytes
  first.release()
  dropIdleStorage()
  dropIdleStorage()
  feedWhole(first, stream, 65_536)
  t.not(first.decoder.bytes, last, 'freed when nobody came')
})

t.test('memory follows what arrived, not what was announced', async (t) => {
  const query = new QueryBuffer(GIGABYTE)
  const stream = Buffer.from('*1000000\r\n$500000000\r\nabc')
  query.feed(stream, 0, stream.length, AUTHENTICATED_LIMITS)
  t.equal(query.result, DECODE_INCOMPLETE)
  t.ok(query.capacityBytes <= 2048, `${query.capacityBytes}`)
})

t.test('a command beyond the limit of its connection', async (t) => {
  const stream = encodeWords(['SET', 'key', 'v'.repeat(5000)])
  const query = new QueryBuffer(4000)
  let at = 0
  while (query.result === DECODE_INCOMPLETE && at < stream.length) {
    at = query.feed(stream, at, Math.min(at + 1000, stream.length), AUTHENTICATED_LIMITS)
  }
  t.equal(query.result, QUERY_TOO_LARGE)
  t.ok(query.byteLength <= 4000)
  query.release()
  t.equal(query.byteLength, 0)
})

t.test('a broken stream, and limits before AUTH', async (t) => {
  const query = new QueryBuffer(MEGABYTE)
  const stream = Buffer.from('*2\r\n$4\r\nECHO\r\n$20000\r\n')
  query.feed(stream, 0, 16, UNAUTHENTICATED_LIMITS)
  t.equal(query.result, DECODE_INCOMPLETE)
  query.feed(stream, 16, stream.length, UNAUTHENTICATED_LIMITS)
  t.equal(query.result, DECODE_ERROR)
  t.match(Buffer.from(query.decoder.errorText).toString(), /unauthenticated bulk length/)
  query.release()
  query.feed(stream, 0, stream.length, AUTHENTICATED_LIMITS)
  t.equal(query.result, DECODE_INCOMPLETE)
})

t.test('nothing is read before anything was fed', async (t) => {
  t.throws(() => new QueryBuffer(MEGABYTE).decoder)
})
