// Every kind of reply in both protocols, growing, and the limit.

import fc from 'fast-check'
import t from 'tap'
import { ReplyWriter } from '../../src/wire/encoder.ts'
import * as replies from '../../src/wire/replies.ts'

const START_BYTES = 64
const LIMIT_BYTES = 1 << 20

function written(protocol: 2 | 3, write: (writer: ReplyWriter) => void): string {
  const writer = new ReplyWriter(START_BYTES, LIMIT_BYTES)
  writer.protocol = protocol
  write(writer)
  return textOf(writer)
}

function textOf(writer: ReplyWriter): string {
  return Buffer.from(writer.bytes.subarray(0, writer.position)).toString('latin1')
}

const SOURCE = Buffer.from('..value..')
const LONG = 'x'.repeat(1000)

// What is written, RESP2, RESP3 (the same if missing).
const TABLE: [string, (writer: ReplyWriter) => void, string, string?][] = [
  ['ok', (w) => w.ok(), '+OK\r\n'],
  ['pong', (w) => w.pong(), '+PONG\r\n'],
  ['null bulk', (w) => w.nullBulk(), '$-1\r\n', '_\r\n'],
  ['null array', (w) => w.nullArray(), '*-1\r\n', '_\r\n'],
  ['integer', (w) => w.integer(0), ':0\r\n'],
  ['integer', (w) => w.integer(-7), ':-7\r\n'],
  ['integer', (w) => w.integer(Number.MIN_SAFE_INTEGER), ':-9007199254740991\r\n'],
  ['big integer', (w) => w.bigInteger(2n ** 63n - 1n), ':9223372036854775807\r\n'],
  ['big integer', (w) => w.bigInteger(-(2n ** 63n)), ':-9223372036854775808\r\n'],
  ['big integer', (w) => w.bigInteger(-12n), ':-12\r\n'],
  ['bulk', (w) => w.bulk(SOURCE, 2, 5), '$5\r\nvalue\r\n'],
  ['bulk', (w) => w.bulk(SOURCE, 2, 0), '$0\r\n\r\n'],
  ['bulk', (w) => w.bulk(Buffer.from(LONG), 0, 1000), `$1000\r\n${LONG}\r\n`],
  ['bulk text', (w) => w.bulkText('grün'), '$5\r\ngr\xc3\xbcn\r\n'],
  ['bulk text', (w) => w.bulkText(LONG), `$1000\r\n${LONG}\r\n`],
  ['bulk text', (w) => w.bulkText('\ud800'), '$3\r\n\xef\xbf\xbd\r\n'],
  ['bulk integer', (w) => w.bulkInteger(5), '$1\r\n5\r\n'],
  ['bulk integer', (w) => w.bulkInteger(-1234567890), '$11\r\n-1234567890\r\n'],
  ['array', (w) => w.arrayHeader(3), '*3\r\n'],
  ['array', (w) => w.arrayHeader(1_048_576), '*1048576\r\n'],
  ['map', (w) => w.mapHeader(7), '*14\r\n', '%7\r\n'],
  ['set', (w) => w.setHeader(2), '*2\r\n', '~2\r\n'],
  ['push', (w) => w.pushHeader(3), '*3\r\n', '>3\r\n'],
  ['double', (w) => w.double(3), '$1\r\n3\r\n', ',3\r\n'],
  ['double', (w) => w.double(0.1), '$19\r\n0.10000000000000001\r\n', ',0.10000000000000001\r\n'],
  ['double', (w) => w.double(-Infinity), '$4\r\n-inf\r\n', ',-inf\r\n'],
  ['boolean', (w) => w.boolean(true), ':1\r\n', '#t\r\n'],
  ['boolean', (w) => w.boolean(false), ':0\r\n', '#f\r\n'],
  ['verbatim', (w) => w.verbatim('a\r\nb'), '$4\r\na\r\nb\r\n', '=8\r\ntxt:a\r\nb\r\n'],
  ['simple', (w) => w.simple('none'), '+none\r\n'],
  ['error', (w) => w.error(replies.NO_SUCH_KEY), '-ERR no such key\r\n'],
  ['error text', (w) => w.errorText('ERR a\r\n+OK'), '-ERR a  +OK\r\n'],
  ['raw', (w) => w.raw(Buffer.from(LONG)), LONG],
]

t.test('every kind of reply', async (t) => {
  for (const [name, write, resp2, resp3] of TABLE) {
    t.equal(written(2, write), resp2, name)
    t.equal(written(3, write), resp3 ?? resp2, name)
  }
})

t.test('one after the other, from the smallest buffer', async (t) => {
  const writer = new ReplyWriter(START_BYTES, LIMIT_BYTES)
  let expected = ''
  for (let round = 0; round < 20; round++) {
    for (const [, write, resp2, resp3] of TABLE) {
      writer.protocol = round % 2 === 0 ? 2 : 3
      write(writer)
      expected += writer.protocol === 2 ? resp2 : (resp3 ?? resp2)
    }
  }
  t.equal(textOf(writer), expected)
  t.notOk(writer.overflowed)
})

t.test('a bulk that the caller fills', async (t) => {
  const writer = new ReplyWriter(START_BYTES, LIMIT_BYTES)
  const source = Buffer.from(LONG)
  t.ok(writer.bulkHeader(source.length))
  for (let at = 0; at < source.length; at += 100) {
    const start = writer.reserve(100)
    writer.bytes.set(source.subarray(at, at + 100), start)
  }
  writer.bulkEnd()
  t.equal(textOf(writer), `$1000\r\n${LONG}\r\n`)
})

t.test('integers come out as String has them', async () => {
  fc.assert(
    fc.property(fc.maxSafeInteger(), (value) => {
      const digits = String(value)
      const bulk = `$${digits.length}\r\n${digits}\r\n`
      return (
        written(2, (w) => w.integer(value)) === `:${digits}\r\n` &&
        written(2, (w) => w.bulkInteger(value)) === bulk
      )
    }),
  )
})

t.test('past its limit a writer takes nothing more', async (t) => {
  for (const [name, write] of TABLE) {
    const writer = new ReplyWriter(START_BYTES, START_BYTES)
    for (let count = 0; count < 65 && !writer.overflowed; count++) write(writer)
    t.ok(writer.overflowed, name)
    t.ok(writer.position <= START_BYTES, name)
    t.equal(writer.bytes.length, START_BYTES, name)
    const { position } = writer
    writer.ok()
    writer.integer(1)
    t.equal(writer.reserve(1), -1)
    t.notOk(writer.bulkHeader(1))
    t.equal(writer.position, position, name)
    writer.clear()
    writer.ok()
    t.equal(textOf(writer), '+OK\r\n')
  }
})

t.test('grows to its limit, not beyond', async (t) => {
  const writer = new ReplyWriter(START_BYTES, 1000)
  writer.raw(Buffer.alloc(900, 0x78))
  t.notOk(writer.overflowed)
  t.equal(writer.bytes.length, 1000)
  writer.raw(Buffer.alloc(100, 0x78))
  t.notOk(writer.overflowed)
  writer.raw(Buffer.alloc(1, 0x78))
  t.ok(writer.overflowed)
  t.equal(writer.position, 1000)
})

t.test('goes on in another buffer', async (t) => {
  const writer = new ReplyWriter(START_BYTES, LIMIT_BYTES)
  writer.ok()
  const first = writer.bytes
  const shared = new Uint8Array(new SharedArrayBuffer(256))
  writer.use(shared)
  writer.bulkText('hello')
  writer.double(2.5)
  t.equal(textOf(writer), '$5\r\nhello\r\n$3\r\n2.5\r\n')
  t.equal(writer.bytes, shared)
  t.equal(Buffer.from(first.subarray(0, 5)).toString(), '+OK\r\n')
})
