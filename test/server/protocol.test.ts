// Broken streams over a socket: everything in front of the damage is answered, then the exact text,
// then the connection ends, and nobody else notices. HTTP is not talked to. RESP2 and RESP3.

import t, { type Test } from 'tap'
import { flagsOf, inEveryConfiguration } from '../support/matrix.ts'
import { RawClient } from '../support/raw-client.ts'
import { encodeWords } from '../support/resp.ts'
import { type CkvServer, startCkv } from '../support/server.ts'
import { BROKEN_STREAMS, type BrokenStream } from '../wire/protocol-errors.ts'

const INSTANCE = 'crs-abcdefgh'

/** Sends the pieces one after the other; what came back before the connection ended. */
async function answerTo(server: CkvServer, pieces: readonly string[]): Promise<string> {
  const client = await RawClient.connect(server)
  for (const piece of pieces) await client.write(piece)
  const { bytes, inOrder } = await client.waitForEnd()
  return `${bytes.toString('latin1')}${inOrder ? '' : ' and was reset'}`
}

/** All broken streams at once, each on its own connection. */
async function checkStreams(
  t: Test,
  server: CkvServer,
  how: string,
  streams: readonly BrokenStream[],
  cut: (sent: string) => string[],
): Promise<void> {
  const answers = await Promise.all(streams.map(({ sent }) => answerTo(server, cut(sent))))
  const wrong = streams
    .map(({ sent, replies }, index) => ({ sent, replies, answer: answers[index] }))
    .filter(({ replies, answer }) => answer !== replies)
    .map(({ sent, answer }) => `${JSON.stringify(sent.slice(0, 40))}: ${answer.slice(0, 100)}`)
  t.same(wrong, [], `${streams.length} broken streams ${how}`)
}

const inOne = (sent: string): string[] => [sent]
const inHalves = (sent: string): string[] => [
  sent.slice(0, sent.length >> 1),
  sent.slice(sent.length >> 1),
]

t.test('broken streams and HTTP', async (t) => {
  await inEveryConfiguration(t, [], async (t, server) => {
    const witness = await server.connect()
    await witness.send('SET', 'witness', 'unchanged')
    const streams = BROKEN_STREAMS.filter(({ unauthenticated }) => unauthenticated !== true)
    await checkStreams(t, server, 'in one piece', streams, inOne)
    await checkStreams(t, server, 'in halves', streams, inHalves)
    await checkDataInFront(t, server)
    await checkHttp(t, server)
    await checkOrderOfErrors(t, server)
    await checkInline(t, server)
    await checkVersions(t, server)
    t.equal(await witness.send('GET', 'witness'), 'unchanged', 'nothing else ran')
    await witness.pipeline(Array.from({ length: 3000 }, (_, at) => ['SET', `deep${at}`, 'v']))
    await witness.close()
  })
})

/** Commands of several shards in front of the damage: all answered, in order, nothing behind it. */
async function checkDataInFront(t: Test, server: CkvServer): Promise<void> {
  const keys = Array.from({ length: 400 }, (_, index) => `front${index}`)
  const sets = Buffer.concat(keys.map((key) => Buffer.from(encodeWords(['SET', key, key]))))
  const gets = Buffer.concat(keys.map((key) => Buffer.from(encodeWords(['GET', key]))))
  const behind = Buffer.from(encodeWords(['SET', 'witness', 'changed']))
  const damage = Buffer.from('*1\r\n!\r\n')
  const stream = Buffer.concat([sets, gets, damage, behind]).toString('latin1')
  const wanted =
    '+OK\r\n'.repeat(keys.length) +
    keys.map((key) => `$${key.length}\r\n${key}\r\n`).join('') +
    "-ERR Protocol error: expected '$', got '!'\r\n"
  t.equal(await answerTo(server, [stream]), wanted, `${keys.length * 2} commands before damage`)
}

async function checkHttp(t: Test, server: CkvServer): Promise<void> {
  const behind = Buffer.from(encodeWords(['SET', 'witness', 'changed'])).toString('latin1')
  const post = Buffer.from(encodeWords(['post', '/', 'HTTP/1.1'])).toString('latin1')
  const attempts = [
    'POST / HTTP/1.1\r\nHost: x\r\n\r\nSET witness changed\r\n',
    'post / HTTP/1.1\r\nSET witness changed\r\n',
    'GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\nSET witness changed\r\n',
    `hOsT: x\r\n${behind}`,
    `${post}${behind}`,
  ]
  for (const attempt of attempts) {
    const client = await RawClient.connect(server)
    await client.write(attempt)
    const { bytes } = await client.waitForEnd()
    const text = bytes.toString('latin1')
    t.notMatch(text, /\+OK/, `${JSON.stringify(attempt.slice(0, 24))} ends the connection`)
  }
}

/** As redis-server in cluster mode: the row's arity, then the slots, then the command's own. */
async function checkOrderOfErrors(t: Test, server: CkvServer): Promise<void> {
  const arity = (name: string) => ({ error: `ERR wrong number of arguments for '${name}' command` })
  const crossSlot = { error: "CROSSSLOT Keys in request don't hash to the same slot" }
  const client = await server.connect()
  t.same(
    await client.pipeline([
      ['MSETNX', 'foo'],
      ['MSETNX', 'foo', '1', 'bar'],
      ['MSETNX', '{t}a', '1', '{t}b'],
      ['RENAME', 'foo', 'bar', 'more'],
      ['BITOP', 'nosuch', 'foo', 'bar'],
    ]),
    [
      arity('msetnx'),
      crossSlot,
      { error: 'ERR wrong number of arguments for MSET' },
      arity('rename'),
      crossSlot,
    ],
  )
  await client.close()
}

async function checkInline(t: Test, server: CkvServer): Promise<void> {
  const stream =
    'PING\r\nSET "a key" "a\\r\\n\\x41\\"b"\n' +
    "GET 'a key'\r\n\r\n   \r\nping 'it\\'s'\r\nNOSUCH it\r\nQUIT\r\nSET witness changed\r\n"
  const wanted =
    '+PONG\r\n+OK\r\n$6\r\na\r\nA"b\r\n$4\r\nit\'s\r\n' + "-ERR unknown command 'NOSUCH'\r\n+OK\r\n"
  t.equal(await answerTo(server, [stream]), wanted, 'inline commands')
}

/** HELLO in the middle of a pipeline: each reply has the version that was in force. */
async function checkVersions(t: Test, server: CkvServer): Promise<void> {
  const client = await RawClient.connect(server)
  const words = [
    ['GET', 'nothing'],
    ['HELLO', '3'],
    ['GET', 'nothing'],
    ['MGET', 'nothing', 'more', 'than', 'that'],
    ['HELLO', '4'],
    ['HELLO', '2'],
    ['MGET', 'nothing', 'more'],
    ['QUIT'],
  ]
  await client.write(Buffer.concat(words.map(encodeWords)))
  const { bytes } = await client.waitForEnd()
  const text = bytes.toString('latin1').replace(/\$\d+\r\n([^\r]*)\r\n/g, '$1 ')
  const greeting =
    /server redis version \S+ proto :(\d)\r\nid :\d+\r\nmode \w+ role master modules /g
  t.same(
    text.replace(greeting, 'greeting $1 ').split('\r\n'),
    [
      '$-1',
      '%7',
      'greeting 3 *0',
      '_',
      '*4',
      '_',
      '_',
      '_',
      '_',
      '-NOPROTO unsupported protocol version',
      '*14',
      'greeting 2 *0',
      '*2',
      '$-1',
      '$-1',
      '+OK',
      '',
    ],
    'RESP2 and RESP3',
  )
}

t.test('before AUTH', async (t) => {
  const server = await startCkv({
    flags: [
      ...flagsOf({ dispatch: 'auto', acceptors: 1, workers: 1 }),
      ...['--instance', INSTANCE],
    ],
    environment: { CKV_PASSWORD: 'right' },
  })
  t.teardown(() => server.stop())
  const streams = BROKEN_STREAMS.filter(({ unauthenticated }) => unauthenticated === true)
  await checkStreams(t as Test, server, 'in one piece', streams, inOne)
  await checkStreams(t as Test, server, 'in halves', streams, inHalves)

  await t.test('nothing runs before AUTH', (t) => checkNothingRuns(t as Test, server))

  await t.test('forms of AUTH', async (t) => {
    for (const words of [
      ['AUTH', `${INSTANCE}:right`],
      ['AUTH', INSTANCE, 'right'],
      ['AUTH', 'default', `${INSTANCE}:right`],
      ['HELLO', '3', 'AUTH', INSTANCE, 'right'],
      ['HELLO', '3', 'AUTH', 'default', `${INSTANCE}:right`],
    ]) {
      const client = await server.connect()
      const reply = JSON.stringify(await client.send(...words))
      t.notMatch(reply, /error/, words.join(' '))
      t.same(await client.send('PING'), { simple: 'PONG' })
      await client.close()
    }
  })

  await t.test('HTTP and QUIT', async (t) => {
    const http = await RawClient.connect(server)
    await http.write('POST / HTTP/1.1\r\nHost: x\r\n\r\n')
    await http.waitForEnd()
    t.equal(await answerTo(server, ['QUIT\r\nPING\r\n']), '+OK\r\n', 'QUIT needs no AUTH')
  })

  await t.test('a command that never ends', async (t) => {
    const client = await RawClient.connect(server)
    // Ten bulks of 16 KB are allowed, a longer line or a larger bulk is not; nothing grows.
    await client.write(`*10\r\n${`$16384\r\n${'x'.repeat(16_384)}\r\n`.repeat(10)}`)
    const text = (await client.waitForBytes(1)).toString('latin1')
    t.equal(text, '-NOAUTH Authentication required.\r\n')
    await client.close()
  })
})

async function checkNothingRuns(t: Test, server: CkvServer): Promise<void> {
  const client = await server.connect()
  const noAuth = { error: 'NOAUTH Authentication required.' }
  const lines = [['SET', 'k', 'v'], ['GET'], ['PING'], ['INFO'], ['FLUSHALL'], ['CONFIG', 'GET']]
  const refused = lines.map(() => noAuth)
  t.same(await client.pipeline(lines), refused)
  t.same(await client.send('NOSUCH', 'x'), noAuth, 'unknown commands are not told apart')
  const wrong = { error: 'WRONGPASS invalid username-password pair or user is disabled.' }
  t.same(await client.send('AUTH', `${INSTANCE}:wrong`), wrong)
  t.same(await client.send('AUTH', INSTANCE, 'wrong'), wrong)
  const form = {
    error: 'ERR invalid password, the form is AUTH instance:password or AUTH instance password',
  }
  t.same(await client.send('AUTH', 'right'), form, 'the form is named')
  t.same(await client.send('GET', 'k'), noAuth)
  // In one pipeline: what comes behind AUTH runs with it.
  const replies = await client.pipeline([
    ['SET', 'k', 'early'],
    ['AUTH', `${INSTANCE}:right`],
    ['GET', 'k'],
    ['SET', 'big', 'x'.repeat(20_000)],
  ])
  t.same(replies, [noAuth, { simple: 'OK' }, null, { simple: 'OK' }])
  await client.close()
}
