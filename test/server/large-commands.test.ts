// Commands larger than what requests may take of the shared memory budget: they work in every way
// of dispatch, keep their place in a pipeline, and leave nothing behind when their client goes.

import t, { type Test } from 'tap'
import { isAlive, residentBytes } from '../support/process-figures.ts'
import { RawClient } from '../support/raw-client.ts'
import { encodeWords } from '../support/resp.ts'
import type { Words } from '../support/resp-client.ts'
import { type CkvServer, makeDirectory, removeDirectory, startCkv } from '../support/server.ts'

const LONG = process.env.CKV_TEST_LONG !== undefined
const TEST_MS_MAX = LONG ? 200_000 : 30_000
const MEGABYTE = 1_048_576
/** The pool's part for requests is 6 MB of the small budget, 48 MB of the default one. */
const BUDGET = LONG ? '256mb' : '32mb'
const GREAT = (LONG ? 512 : 24) * MEGABYTE
/** In a long run more than the address space for them takes at once. */
const ABANDONED = LONG ? 5 : 6
const PIECE = (LONG ? 30 : 4) * MEGABYTE
/** Two shards have some of them each. */
const KEYS = ['a', 'b', 'c', 'd'].map((letter) => `${letter}-large`)
if (LONG) t.setTimeout(600_000)

const DISPATCHES = ['auto', 'ring', 'place'] as const

function flagsOf(dispatch: string, profile: string, more: readonly string[]): string[] {
  const threads = ['--acceptors', '2', '--workers', '2', '--shards', '2']
  const memory = ['--shard-memory', LONG ? '3gb' : '512mb']
  const limits = ['--client-output-buffer-limit-normal', '0 0 0']
  const own = ['--dispatch', dispatch, '--profile', profile, ...threads, ...memory, ...limits]
  return [...own, '--shared-memory-budget', BUDGET, ...more]
}

/** A server that ends with its test. */
async function start(
  t: Test,
  dispatch: string,
  profile: string,
  more: readonly string[] = [],
  directory = makeDirectory(),
): Promise<CkvServer> {
  const server = await startCkv({ flags: flagsOf(dispatch, profile, more), directory })
  t.teardown(async () => {
    if (isAlive(server.process.pid)) await server.stop()
    removeDirectory(directory)
  })
  return server
}

/** What comes back to commands sent in one write, as long as `text`. */
async function exchange(server: CkvServer, commands: Words[], text: string): Promise<string> {
  const client = await RawClient.connect(server)
  await client.write(Buffer.concat(commands.map(encodeWords)))
  const bytes = await client.waitForBytes(text.length)
  await client.close()
  return bytes.toString('latin1')
}

/** As a pipeline; one by one when they are so large that time runs out. */
async function expect(
  t: Test,
  server: CkvServer,
  commands: Words[],
  texts: string[],
): Promise<void> {
  const names = commands.map((words) => words[0]).join(', ')
  if (!LONG) {
    const text = texts.join('')
    t.equal(await exchange(server, commands, text), text, names)
    return
  }
  const replies: string[] = []
  for (const [index, words] of commands.entries()) {
    replies.push(await exchange(server, [words], texts[index]))
  }
  t.same(replies, texts, names)
}

for (const dispatch of DISPATCHES) {
  t.test(`profile redis, dispatch ${dispatch}`, { timeout: TEST_MS_MAX }, async (t) => {
    const server = await start(t as Test, dispatch, 'redis')
    await checkGreatValue(t as Test, server)
    await checkSeveralKeys(t as Test, server)
    await checkTwoClients(t as Test, server)
    await checkAbandoned(t as Test, server)
  })
}

t.test('profile extended: read and judged by the command', { timeout: TEST_MS_MAX }, async (t) => {
  const server = await start(t as Test, 'auto', 'extended')
  const value = Buffer.alloc(Math.max(GREAT, 34 * MEGABYTE), 'x')
  const tooLong = '-ERR string exceeds maximum allowed size (32MB)\r\n'
  const commands: Words[] = [
    ['SET', 'k', 'v'],
    ['SET', 'k', value],
    ['EXISTS', value],
    ['APPEND', 'k', 'w'],
  ]
  await expect(t as Test, server, commands, ['+OK\r\n', tooLong, ':0\r\n', ':2\r\n'])
  await checkSeveralKeys(t as Test, server)
})

t.test('appendfsync always, and a restart', { timeout: TEST_MS_MAX }, async (t) => {
  const always = ['--appendfsync', 'always']
  const directory = makeDirectory()
  const first = await start(t as Test, 'auto', 'redis', always, directory)
  const value = Buffer.alloc(GREAT, 'durable')
  await expect(t as Test, first, [['SET', 'k', value]], ['+OK\r\n'])
  await checkSeveralKeys(t as Test, first)
  await first.killNine()
  const second = await start(t as Test, 'auto', 'redis', always, directory)
  const commands: Words[] = [
    ['STRLEN', 'k'],
    ['GETRANGE', 'k', '0', '6'],
    ['STRLEN', KEYS[3]],
  ]
  await expect(t as Test, second, commands, [`:${GREAT}\r\n`, '$7\r\ndurable\r\n', `:${PIECE}\r\n`])
})

async function checkGreatValue(t: Test, server: CkvServer): Promise<void> {
  const value = Buffer.alloc(GREAT, 'great')
  const half = value.subarray(0, GREAT >> 1)
  const tail = GREAT >> 1
  const commands: Words[] = [
    ['SET', '{k}before', '1'],
    ['SET', '{k}', value],
    ['GETRANGE', '{k}', '-4', '-1'],
    ['SETRANGE', '{k}', String(GREAT - tail), value.subarray(0, tail)],
    ['STRLEN', '{k}'],
    ['SET', '{k}half', half],
    ['APPEND', '{k}half', half],
    ['INCR', '{k}before'],
  ]
  const last = value.subarray(GREAT - 4).toString()
  const length = `:${GREAT}\r\n`
  const end = `$4\r\n${last}\r\n`
  const ok = '+OK\r\n'
  await expect(t, server, commands, [ok, ok, end, length, length, ok, length, ':2\r\n'])
  const client = await RawClient.connect(server)
  await client.write(encodeWords(['GET', '{k}half']))
  const head = `$${GREAT}\r\n`
  const bytes = await client.waitForBytes(head.length + GREAT + 2)
  await client.close()
  const sent = bytes.subarray(head.length, head.length + GREAT)
  t.ok(sent.equals(Buffer.concat([half, half])), 'GET byte for byte')
  await expect(t, server, [['DEL', '{k}', '{k}half']], [':2\r\n'])
}

async function checkSeveralKeys(t: Test, server: CkvServer): Promise<void> {
  const pairs = KEYS.flatMap((key, index) => [key, Buffer.alloc(PIECE, String(index))])
  const commands: Words[] = [
    ['SET', KEYS[0], 'small'],
    ['MSET', ...pairs],
    ['GETRANGE', KEYS[0], '0', '2'],
    ['GETRANGE', KEYS[3], '-3', '-1'],
  ]
  await expect(t, server, commands, ['+OK\r\n', '+OK\r\n', '$3\r\n000\r\n', '$3\r\n333\r\n'])
}

async function checkTwoClients(t: Test, server: CkvServer): Promise<void> {
  const one = Buffer.alloc(GREAT >> 1, '1')
  const two = Buffer.alloc(GREAT >> 1, '2')
  const wanted = '+OK\r\n+OK\r\n'
  const replies = await Promise.all(
    [one, two, one, two].map((value) =>
      exchange(
        server,
        [
          ['SET', '{k}1', value],
          ['MSET', '{k}1', value, '{k}2', value],
        ],
        wanted,
      ),
    ),
  )
  t.same(replies, [wanted, wanted, wanted, wanted], 'four clients at once')
  const client = await server.connect()
  const [first, second] = await client.pipeline([
    ['GETRANGE', '{k}1', '0', '0'],
    ['GETRANGE', '{k}2', '-1', '-1'],
  ])
  t.equal(String(first), String(second), 'one MSET is whole')
  await client.pipeline([['DEL', '{k}1', '{k}2']])
  await client.close()
}

/** Clients that go in the middle of a command, or right behind it: all its memory comes back. */
async function checkAbandoned(t: Test, server: CkvServer): Promise<void> {
  const request = encodeWords(['SET', '{k}', Buffer.alloc(GREAT, 'gone')])
  const before = residentBytes(server.process.pid)
  for (let round = 0; round < ABANDONED; round++) {
    const client = await RawClient.connect(server)
    await client.write(round % 2 === 0 ? request : request.subarray(0, request.length - 9))
    await client.close()
  }
  await expect(t, server, [['SET', '{k}', Buffer.alloc(GREAT, 'kept')]], ['+OK\r\n'])
  await expect(t, server, [['GETRANGE', '{k}', '0', '3']], ['$4\r\nkept\r\n'])
  const grown = (residentBytes(server.process.pid) - before) / MEGABYTE
  t.comment(`figure ${ABANDONED} abandoned commands: ${grown.toFixed(0)} MB more resident`)
}
