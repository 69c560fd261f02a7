// The form of every constant, and texts that carry something a client sent.

import t from 'tap'
import { CommandDecoder, DECODE_COMMAND } from '../../src/wire/decoder.ts'
import * as replies from '../../src/wire/replies.ts'
import { redisSkip, startRedis } from '../support/redis.ts'
import { encodeWords } from '../support/resp.ts'

const textOf = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1')

function unknown70(words: readonly (string | Uint8Array)[]): string {
  const bytes = encodeWords(words)
  const decoder = new CommandDecoder()
  if (decoder.decode(bytes, 0, bytes.length) !== DECODE_COMMAND) throw new Error('no command')
  return textOf(replies.unknownCommand70(decoder))
}

function unknown32(name: string): string {
  const bytes = Buffer.from(name, 'latin1')
  return textOf(replies.unknownCommand32(bytes, 0, bytes.length))
}

/** Something follows these in the same reply. */
const BEGINNINGS: ReadonlySet<string> = new Set(['VERBATIM_TEXT', 'PONG_OF_SUBSCRIBER'])

t.test('every constant is one whole reply', async (t) => {
  let errors = 0
  for (const [name, value] of Object.entries(replies)) {
    if (!(value instanceof Uint8Array) || BEGINNINGS.has(name)) continue
    const text = textOf(value)
    t.match(text, /^([+\-:_#*][^\r\n]*|\$-1|\$\d+\r\n([a-z]+|0)?)\r\n$/, name)
    const bulk = /^\$(\d+)\r\n(.*)\r\n$/.exec(text)
    if (bulk !== null) t.equal(bulk[2].length, Number(bulk[1]), `${name} says its length`)
    if (!text.startsWith('-')) continue
    errors++
    t.match(text, /^-[A-Z]+ [ -~]+\r\n$/, `${name} has a code and a text`)
  }
  t.ok(errors > 60, `${errors} errors`)
})

t.test('texts on which clients match', async (t) => {
  const table: [Uint8Array, string][] = [
    [replies.CROSS_SLOT, "-CROSSSLOT Keys in request don't hash to the same slot"],
    [replies.NO_AUTH, '-NOAUTH Authentication required.'],
    [replies.INVALID_PASSWORD_32, '-ERR invalid password'],
    [replies.WRONG_PASS, '-WRONGPASS invalid username-password pair or user is disabled.'],
    [replies.LOADING, '-LOADING Redis is loading the dataset in memory'],
    [replies.READ_ONLY_32, "-READONLY You can't write against a read only slave."],
    [replies.OUT_OF_MEMORY, "-OOM command not allowed when used memory > 'maxmemory'."],
    [replies.EXEC_ABORT, '-EXECABORT Transaction discarded because of previous errors.'],
    [replies.WRONG_TYPE, '-WRONGTYPE Operation against a key holding the wrong kind of value'],
    [replies.NO_PROTO, '-NOPROTO unsupported protocol version'],
    [replies.MAX_CLIENTS, '-ERR max number of clients reached'],
    [replies.STRING_TOO_LONG_32MB, '-ERR string exceeds maximum allowed size (32MB)'],
    [replies.MISCONF_DISK_FULL, '-MISCONF Errors writing to the AOF file: No space left on device'],
    [replies.wrongArity('get'), "-ERR wrong number of arguments for 'get' command"],
    [replies.invalidExpire32('setex'), '-ERR invalid expire time in setex'],
    [replies.invalidExpire70('setex'), "-ERR invalid expire time in 'setex' command"],
  ]
  for (const [bytes, text] of table) t.equal(textOf(bytes), `${text}\r\n`)
  t.match(textOf(replies.MISCONF_UNKNOWN), /^-MISCONF .*outcome unknown/)
  // ioredis goes on after a refused INFO whose text has this word.
  t.match(textOf(replies.noPermission('info', 'ckv', 'extended or redis')), /^-NOPERM .*extended/)
  t.match(textOf(replies.noPermissionAnywhere('wait')), /^-NOPERM command 'wait'/)
  // Clients fall back from HELLO on exactly this.
  t.equal(unknown32('HELLO'), "-ERR unknown command 'HELLO'\r\n")
})

t.test('nothing a client sent breaks the line or grows without end', async (t) => {
  t.equal(unknown32('a\r\n+OK\r\nb'), "-ERR unknown command 'a  +OK  b'\r\n")
  t.equal(unknown32('a\0b'), "-ERR unknown command 'a'\r\n")
  t.equal(unknown32('x'.repeat(1000)), `-ERR unknown command '${'x'.repeat(128)}'\r\n`)
  t.equal(unknown32('__proto__'), "-ERR unknown command '__proto__'\r\n")
  t.equal(unknown32('\xff\xfe'), "-ERR unknown command '\xff\xfe'\r\n")
  const long = Buffer.alloc(100_000, 0x0d)
  const built = [
    replies.helloSyntax(long, 0, long.length),
    replies.unknownSubcommand70('config', long, 0, long.length),
    replies.subcommandSyntax70('config', long, 0, long.length),
    replies.clientInfoUnrecognized(long, 0, long.length),
    replies.wrongArity('x\r\n'.repeat(1000)),
    replies.misconf('x\r\n'.repeat(1000)),
    replies.errorLine('ERR\r\n'),
    replies.protocolExpectedDollar(0x0a),
  ]
  for (const reply of built) {
    t.ok(reply.length < 400)
    t.match(textOf(reply), /^-[^\r\n]+\r\n$/)
  }
})

const UNKNOWN_COMMANDS: (string | Uint8Array)[][] = [
  ['nonsense'],
  ['nonsense', 'a'],
  ['nonsense', 'a', '', 'b c', '\r\n', 'x\0y', '\xff'],
  ['non\r\nsense', 'a'],
  ['x'.repeat(127), 'y'],
  ['x'.repeat(128), 'y'],
  ['x'.repeat(129), 'y'],
  ['nonsense', 'y'.repeat(127), 'z'],
  ['nonsense', 'y'.repeat(128), 'z'],
  ['nonsense', 'y'.repeat(1000), 'z'],
  ['nonsense', ...Array(200).fill('ab')],
  ['nonsense', 'y'.repeat(60), 'z'.repeat(60), 'a', 'b'],
  ['constructor', '__proto__'],
  [''],
]

t.test('unknown commands as 7.0 words them', { skip: redisSkip() }, async (t) => {
  const oracle = await startRedis()
  t.teardown(() => oracle.stop())
  for (const words of UNKNOWN_COMMANDS) {
    const expected = await oracle.exchange(encodeWords(words))
    t.equal(unknown70(words), expected.toString('latin1'))
  }
})

// Commands that a fresh Redis 7.0 answers with the constant beside them.
const REDIS_SAYS: [string[], Uint8Array][] = [
  [['SET', 'k', 'v', 'EX'], replies.SYNTAX_ERROR],
  [['SET', 'k', 'v', 'EX', 'x'], replies.NOT_AN_INTEGER],
  [['SET', 'k', 'v', 'EX', '0'], replies.invalidExpire70('set')],
  [['SETEX', 'k', '0', 'v'], replies.invalidExpire70('setex')],
  [['GET'], replies.wrongArity('get')],
  [['INCR', 'text'], replies.NOT_AN_INTEGER],
  [['INCR', 'largest'], replies.INCREMENT_OVERFLOW],
  [['DECRBY', 'k', '-9223372036854775808'], replies.DECREMENT_OVERFLOW],
  [['INCRBYFLOAT', 'text', '1'], replies.NOT_A_FLOAT],
  [['INCRBYFLOAT', 'fresh', 'inf'], replies.INCREMENT_NAN],
  [['LPUSH', 'text', 'x'], replies.WRONG_TYPE],
  [['RENAME', 'none', 'other'], replies.NO_SUCH_KEY],
  [['SETRANGE', 'text', '-1', 'x'], replies.OFFSET_OUT_OF_RANGE],
  [['SETRANGE', 'text', '536870912', 'x'], replies.STRING_TOO_LONG_70],
  [['SETBIT', 'text', '4294967296', '1'], replies.BIT_OFFSET_OUT_OF_RANGE],
  [['SETBIT', 'text', '1', '2'], replies.BIT_OUT_OF_RANGE],
  [['BITPOS', 'text', '2'], replies.BIT_ARGUMENT],
  [['BITOP', 'NOT', 'd', 'a', 'b'], replies.BITOP_NOT_SOURCES],
  [['MSET', 'a', 'b', 'c'], replies.wrongArity('mset')],
  [['SCAN', 'x'], replies.INVALID_CURSOR],
  [['EXPIRE', 'text', '1', 'NX', 'XX'], replies.EXPIRE_NX_WITH_OTHERS],
  [['EXPIRE', 'text', '1', 'GT', 'LT'], replies.EXPIRE_GT_WITH_LT],
  [['EXPIRE', 'text', '1', 'QQ'], replies.unsupportedOption(Buffer.from('QQ'))],
  [['EXPIRE', 'text', '9223372036854775807'], replies.invalidExpire70('expire')],
  [['SELECT', '99'], replies.DB_INDEX_OUT_OF_RANGE],
  [['SWAPDB', 'x', '1'], replies.INVALID_FIRST_DB_INDEX],
  [['SWAPDB', '1', 'x'], replies.INVALID_SECOND_DB_INDEX],
  [['AUTH', 'secret'], replies.AUTH_WITHOUT_PASSWORD_70],
  [['AUTH', 'someone', 'secret'], replies.WRONG_PASS],
  [['HELLO', '4'], replies.NO_PROTO],
  [['HELLO', 'x'], replies.PROTOCOL_VERSION_NOT_INTEGER],
  [['HELLO', '2', 'QQ'], replies.helloSyntax(Buffer.from('QQ'), 0, 2)],
  [['CLIENT', 'SETNAME', 'a b'], replies.CLIENT_NAME_INVALID],
  [['CLIENT', 'KILL', '1.2.3.4:5'], replies.CLIENT_NO_SUCH],
  [['CLIENT', 'UNBLOCK', 'x'], replies.NOT_AN_INTEGER],
  [['CLUSTER', 'INFO'], replies.CLUSTER_DISABLED],
  [['EXEC'], replies.EXEC_WITHOUT_MULTI],
  [['DISCARD'], replies.DISCARD_WITHOUT_MULTI],
  [['COMMAND', 'GETKEYS', 'nonsense', 'x'], replies.COMMAND_INVALID],
  [['COMMAND', 'GETKEYS', 'GET', 'a', 'b'], replies.COMMAND_INVALID_ARITY],
  [['COMMAND', 'GETKEYS', 'ECHO', 'x'], replies.COMMAND_NO_KEYS],
  [['CONFIG', 'QQ'], replies.unknownSubcommand70('CONFIG', Buffer.from('QQ'), 0, 2)],
  [['config', 'QQ'], replies.unknownSubcommand70('CONFIG', Buffer.from('QQ'), 0, 2)],
  [['COPY', 'text', 'text'], replies.SAME_OBJECT],
  [['LSET', 'list', '9', 'x'], replies.INDEX_OUT_OF_RANGE],
  [['LPOP', 'list', '-1'], replies.VALUE_NOT_POSITIVE],
]

t.test('Redis words its errors as we do', { skip: redisSkip() }, async (t) => {
  const oracle = await startRedis()
  t.teardown(() => oracle.stop())
  await oracle.pipeline([
    ['SET', 'text', 'abc'],
    ['SET', 'largest', '9223372036854775807'],
    ['RPUSH', 'list', 'x'],
  ])
  for (const [words, reply] of REDIS_SAYS) {
    const expected = await oracle.exchange(encodeWords(words))
    t.equal(textOf(reply), expected.toString('latin1'), words.join(' '))
  }
})
