// Streams into commands: plain ones, every way of cutting them, resuming elsewhere, inline words.

import fc from 'fast-check'
import t from 'tap'
import { COMMAND_ARGS_MAX } from '../../src/base/limits.ts'
import {
  AUTHENTICATED_LIMITS,
  CommandDecoder,
  DECODE_COMMAND,
  DECODE_EMPTY,
  DECODE_ERROR,
  DECODE_INCOMPLETE,
  isHttpAttempt,
  UNAUTHENTICATED_LIMITS,
} from '../../src/wire/decoder.ts'
import { encodeWords } from '../support/resp.ts'
import { commandWords, inPieces, respond } from './responder.ts'

function decodeOne(text: string): CommandDecoder {
  const decoder = new CommandDecoder()
  const bytes = Buffer.from(text, 'latin1')
  const whole = decoder.decode(bytes, 0, bytes.length) === DECODE_COMMAND
  if (!whole || decoder.end !== bytes.length) throw new Error(`not one command: ${text}`)
  return decoder
}

const ALL_BYTES = Buffer.from(Array.from({ length: 256 }, (_, byte) => byte)).toString('latin1')

// Sample streams and the commands in them.
const STREAMS: [string, string[][]][] = [
  ['*1\r\n$4\r\nPING\r\n', [['PING']]],
  ['PING\r\n', [['PING']]],
  ['PING\n', [['PING']]],
  ['\r\n\r\n*0\r\n*-1\r\n  \nPING\r\n', [['PING']]],
  [
    '*3\r\n$3\r\nSET\r\n$3\r\nkey\r\n$5\r\nvalue\r\n*1\r\n$1\r\nx\r\n',
    [['SET', 'key', 'value'], ['x']],
  ],
  ['*2\r\n$0\r\n\r\n$0\r\n\r\n', [['', '']]],
  [`*2\r\n$4\r\nECHO\r\n$256\r\n${ALL_BYTES}\r\n`, [['ECHO', ALL_BYTES]]],
  [`*11\r\n${'$1\r\na\r\n'.repeat(11)}PING\r\n`, [Array(11).fill('a'), ['PING']]],
  [`*40\r\n${'$12\r\nabcdefghijkl\r\n'.repeat(40)}`, [Array(40).fill('abcdefghijkl')]],
  [`*2\r\n$3\r\nGET\r\n$100\r\n${'k'.repeat(100)}\r\n`, [['GET', 'k'.repeat(100)]]],
  [`*2\r\n$3\r\nGET\r\n$1234\r\n${'k'.repeat(1234)}\r\n`, [['GET', 'k'.repeat(1234)]]],
  ['*2\r\n$4\r\nECHO\r\n$7\r\n*1\r\n$4\r\r\n', [['ECHO', '*1\r\n$4\r']]],
  [
    'set "a b" \'c\\\'d\' "\\x00\\xff\\n\\r\\t\\b\\a\\q" e"f"\r\nGET x\n',
    [
      ['set', 'a b', "c'd", '\0\xff\n\r\t\b\x07q', 'ef'],
      ['GET', 'x'],
    ],
  ],
  [
    '*3\r\n$11\r\nconstructor\r\n$9\r\n__proto__\r\n$8\r\ntoString\r\n',
    [['constructor', '__proto__', 'toString']],
  ],
]

t.test('sample streams, whole, in two pieces everywhere, in single bytes', async (t) => {
  for (const [stream, commands] of STREAMS) {
    const bytes = Buffer.from(stream, 'latin1')
    t.same(respond([bytes]).commands, commands, JSON.stringify(stream))
    t.same(respond(inPieces(bytes, 1)).commands, commands, JSON.stringify(stream))
    for (let cut = 0; cut <= bytes.length; cut++) {
      const found = respond([bytes.subarray(0, cut), bytes.subarray(cut)]).commands
      if (JSON.stringify(found) !== JSON.stringify(commands)) t.fail(`${stream} at ${cut}`)
    }
  }
})

t.test('random commands, cut at random', async () => {
  const word = fc.uint8Array({ maxLength: 120 })
  const commands = fc.array(fc.array(word, { minLength: 1, maxLength: 14 }), { maxLength: 8 })
  fc.assert(
    fc.property(commands, fc.array(fc.nat(), { maxLength: 10 }), (commands, cuts) => {
      const stream = Buffer.concat(commands.map(encodeWords))
      const at = cuts.map((cut) => cut % (stream.length + 1)).sort((a, b) => a - b)
      const pieces = [0, ...at].map((from, index) => stream.subarray(from, at[index]))
      const expected = commands.map((words) =>
        words.map((bytes) => Buffer.from(bytes).toString('latin1')),
      )
      return JSON.stringify(respond(pieces).commands) === JSON.stringify(expected)
    }),
    { numRuns: 2000 },
  )
})

t.test('an incomplete command goes on in another buffer at another place', async (t) => {
  const words = [
    'MSET',
    ...Array.from({ length: 60 }, (_, index) => `word${'x'.repeat(index * 3)}`),
  ]
  const stream = encodeWords(words)
  const decoder = new CommandDecoder()
  let result = DECODE_INCOMPLETE
  for (let known = 1; known <= stream.length; known++) {
    // Each time elsewhere, with other bytes around it.
    const from = (known * 7) % 50
    const bytes = Buffer.alloc(from + stream.length + 9, 0x24)
    bytes.set(stream.subarray(0, known), from)
    result = decoder.decode(bytes, from, from + known)
    if (known < stream.length && result !== DECODE_INCOMPLETE) t.fail(`whole after ${known}`)
    if (known === stream.length) {
      t.equal(result, DECODE_COMMAND)
      t.equal(decoder.start, from)
      t.equal(decoder.end, from + stream.length)
      t.same(commandWords(decoder), words)
    }
  }
})

t.test('missingBytes never asks for more than there is', async (t) => {
  const stream = encodeWords(['SET', 'key', 'v'.repeat(5000)])
  for (let known = 0; known < stream.length; known++) {
    const decoder = new CommandDecoder()
    decoder.decode(stream, 0, known)
    if (decoder.missingBytes < 1 || known + decoder.missingBytes > stream.length) t.fail(`${known}`)
  }
  const decoder = new CommandDecoder()
  decoder.decode(stream, 0, 40)
  t.equal(decoder.missingBytes, stream.length - 40)
})

t.test('reset forgets', async (t) => {
  const decoder = new CommandDecoder()
  const bytes = Buffer.from('*2\r\n$4\r\nEC*1\r\n$4\r\nPING\r\n')
  t.equal(decoder.decode(bytes, 0, 10), DECODE_INCOMPLETE)
  decoder.reset()
  t.equal(decoder.decode(bytes, 10, bytes.length), DECODE_COMMAND)
  t.same(commandWords(decoder), ['PING'])
  // Also a line that a NUL has hidden.
  const hidden = Buffer.from('*\0\r\n')
  t.equal(decoder.decode(hidden, 0, hidden.length), DECODE_INCOMPLETE)
  decoder.reset()
  t.equal(decoder.decode(bytes, 10, bytes.length), DECODE_COMMAND)
})

t.test('limits may change in the middle of a command', async (t) => {
  const bytes = encodeWords(['SET', 'key', 'v'.repeat(20_000)])
  const decoder = new CommandDecoder(UNAUTHENTICATED_LIMITS)
  t.equal(decoder.decode(bytes, 0, 15), DECODE_INCOMPLETE)
  decoder.limits = AUTHENTICATED_LIMITS
  t.equal(decoder.decode(bytes, 0, bytes.length), DECODE_COMMAND)
  decoder.limits = UNAUTHENTICATED_LIMITS
  t.equal(decoder.decode(bytes, 0, bytes.length), DECODE_ERROR)
  const allowed = encodeWords([...'123456789', 'v'.repeat(16_384)])
  t.equal(decoder.decode(allowed, 0, allowed.length), DECODE_COMMAND)
})

t.test('a million arguments, then the memory is given back', async (t) => {
  const bytes = Buffer.from(`*${COMMAND_ARGS_MAX}\r\n${'$1\r\na\r\n'.repeat(COMMAND_ARGS_MAX)}`)
  const decoder = new CommandDecoder()
  t.equal(decoder.decode(bytes, 0, bytes.length), DECODE_COMMAND)
  t.equal(decoder.argCount, COMMAND_ARGS_MAX)
  t.equal(bytes[decoder.argStarts[COMMAND_ARGS_MAX - 1]], 0x61)
  decoder.trim()
  t.ok(decoder.argStarts.length <= 1024)
  t.equal(decoder.decode(Buffer.from('PING\n'), 0, 5), DECODE_COMMAND)
})

t.test('an announced count reserves nothing', async (t) => {
  const decoder = new CommandDecoder()
  const bytes = Buffer.from(`*${COMMAND_ARGS_MAX}\r\n$536870912\r\nx`)
  t.equal(decoder.decode(bytes, 0, bytes.length), DECODE_INCOMPLETE)
  t.ok(decoder.argStarts.length <= 16)
})

t.test('empty commands', async (t) => {
  const decoder = new CommandDecoder()
  for (const text of [
    '\r\n',
    '\n',
    '   \r\n',
    '*0\r\n',
    '*-1\r\n',
    '*-9223372036854775808\r\n',
    '""\r\n'.slice(2),
  ]) {
    const bytes = Buffer.from(text)
    t.equal(decoder.decode(bytes, 0, bytes.length), DECODE_EMPTY, JSON.stringify(text))
    t.equal(decoder.end, bytes.length)
    t.equal(decoder.argCount, 0)
  }
  t.same(commandWords(decodeOne('""\r\n')), [''])
})

t.test('inline words', async (t) => {
  const table: [string, string[]][] = [
    ['  a   b  \r\n', ['a', 'b']],
    ['a\tb\r\n', ['a', 'b']],
    ['\x0b\x0ca\x0bb\x0c c\r\n', ['a\x0bb\x0c', 'c']],
    ['a\rb\r\n', ['a', 'b']],
    ['a\\nb "\\n" \'\\n\'\r\n', ['a\\nb', '\n', '\\n']],
    ['"\\x4f\\x4G\\xzz\\x4"\r\n', ['Ox4Gxzzx4']],
    ['a"b c"\r\n', ['ab c']],
    ['"a"\x0b"b"\r\n', ['a', 'b']],
    ['\xff\xfe\r\n', ['\xff\xfe']],
    [`${'w '.repeat(500)}\r\n`, Array(500).fill('w')],
    [`${'"w" '.repeat(500)}\r\n`, Array(500).fill('w')],
  ]
  for (const [line, words] of table) {
    t.same(commandWords(decodeOne(line)), words, JSON.stringify(line.slice(0, 40)))
  }
})

t.test('what only HTTP sends', async (t) => {
  const attempts = ['POST / HTTP/1.1\r\n', 'post\r\n', 'Host: x\r\n', 'HOST:\r\n', '"pOsT"\r\n']
  for (const line of attempts) t.ok(isHttpAttempt(decodeOne(line)), line)
  t.ok(isHttpAttempt(decodeOne('*2\r\n$4\r\nPoSt\r\n$1\r\n/\r\n')))
  t.ok(isHttpAttempt(decodeOne('*1\r\n$5\r\nhOst:\r\n')))
  for (const line of [
    'GET / HTTP/1.1\r\n',
    'Host\r\n',
    'posts\r\n',
    '""\r\n',
    'pos\x14\r\n',
    'Host\x1a\r\n',
  ]) {
    t.notOk(isHttpAttempt(decodeOne(line)), line)
  }
  t.notOk(isHttpAttempt(new CommandDecoder()))
})

t.test('shared memory is decoded like any other', async (t) => {
  const stream = encodeWords(['SET', 'key', 'value'])
  const shared = new Uint8Array(new SharedArrayBuffer(100))
  shared.set(stream, 11)
  const decoder = new CommandDecoder()
  t.equal(decoder.decode(shared, 11, 11 + stream.length), DECODE_COMMAND)
  t.same(commandWords(decoder), ['SET', 'key', 'value'])
})
