// Values at the limit, commands and replies larger than all shared chunks together, and the errors
// behind the limit. Nothing may hang, be mixed up or change what it says it did not.

import t, { type Test } from 'tap'
import { inEveryConfiguration } from '../support/matrix.ts'
import { cpuMs } from '../support/process-figures.ts'
import { RawClient } from '../support/raw-client.ts'
import { encodeWords } from '../support/resp.ts'
import type { Words } from '../support/resp-client.ts'
import type { CkvServer } from '../support/server.ts'

const LONG = process.env.CKV_TEST_LONG !== undefined
const MEGABYTE = 1_048_576
const LIMIT = 32 * MEGABYTE
const PIECE = 1024
const TOO_LONG = '-ERR string exceeds maximum allowed size (32MB)\r\n'
const OVER_SHARDS = ['a', 'b', 'c', 'd'].map((letter) => `${letter}-big`)
const ONE_SHARD = new Array<string>(4).fill(OVER_SHARDS[0])
/** Nine values of the limit pass the output limit of 256 MB. */
const TOO_MUCH = new Array<string>(9).fill(OVER_SHARDS[1])

function bulk(value: Uint8Array): Buffer {
  return Buffer.concat([Buffer.from(`$${value.length}\r\n`), value, Buffer.from('\r\n')])
}

/** The bytes that come back to one command on a connection of its own. */
async function ask(server: CkvServer, words: Words, replyBytes: number): Promise<Buffer> {
  const client = await RawClient.connect(server)
  await client.write(encodeWords(words))
  const bytes = await client.waitForBytes(replyBytes)
  await client.close()
  return bytes
}

t.test('big values', async (t) => {
  await inEveryConfiguration(t, ['--shard-memory', '512mb'], async (t, server) => {
    const value = Buffer.alloc(LIMIT, 'ab\r\n$5')
    await checkPieces(t, server, value)
    await checkSeveral(t, server, value)
    await checkBehindLimit(t, server, value)
    await checkPool(t, server)
    await checkOutputLimit(t, server, value)
    if (LONG) await checkLargeCommand(t, server)
    const small = await server.connect()
    await small.pipeline(Array.from({ length: 3000 }, (_, at) => ['SET', `small${at}`, 'v']))
    await small.close()
  })
})

async function checkPieces(t: Test, server: CkvServer, value: Buffer): Promise<void> {
  const { pid } = server.process
  for (const [name, pieceBytes] of [
    ['in one piece', LIMIT],
    ['in pieces of 1 KB', PIECE],
  ] as const) {
    const request = encodeWords(['SET', 'whole', value])
    const client = await RawClient.connect(server)
    const before = cpuMs(pid)
    for (let at = 0; at < request.length; at += pieceBytes) {
      await client.write(request.subarray(at, at + pieceBytes))
    }
    t.equal((await client.waitForBytes(5)).toString(), '+OK\r\n', `SET ${name}`)
    const between = cpuMs(pid)
    await client.close()
    t.ok((await ask(server, ['GET', 'whole'], LIMIT)).equals(bulk(value)), `GET ${name}`)
    const after = cpuMs(pid)
    t.comment(`figure CPU of 32 MB SET ${name}: ${between - before} ms, limit 200`)
    t.comment(`figure CPU of 32 MB GET ${name}: ${after - between} ms, limit 200`)
    // A quadratic path would take minutes; the figure above is judged on a quiet machine.
    t.ok(between - before < 3000, `no quadratic copying: ${between - before} ms`)
  }
}

/** Replies larger than the pool, of one shard and of several. */
async function checkSeveral(t: Test, server: CkvServer, value: Buffer): Promise<void> {
  await Promise.all(OVER_SHARDS.map((key) => ask(server, ['SET', key, value], 5)))
  for (const [name, keys] of [
    ['one shard', ONE_SHARD],
    ['several shards', OVER_SHARDS],
  ] as const) {
    const wanted = Buffer.concat([Buffer.from('*4\r\n'), ...keys.map(() => bulk(value))])
    const bytes = await ask(server, ['MGET', ...keys], wanted.length)
    t.ok(bytes.equals(wanted), `MGET of 128 MB from ${name}`)
  }
}

async function checkBehindLimit(t: Test, server: CkvServer, value: Buffer): Promise<void> {
  const client = await RawClient.connect(server)
  const commands: Words[] = [
    ['APPEND', 'whole', 'x'],
    ['SETRANGE', 'whole', String(LIMIT), 'x'],
    ['SETRANGE', 'whole', String(LIMIT - 1), 'xy'],
    ['SETBIT', 'whole', String(LIMIT * 8), '1'],
    ['SETRANGE', 'fresh', String(LIMIT), 'x'],
    ['SETBIT', 'fresh', String(LIMIT * 8), '1'],
    ['SET', 'whole', Buffer.alloc(LIMIT + 1)],
  ]
  if (LONG) commands.push(['SET', 'fresh', Buffer.alloc(100 * MEGABYTE)])
  let received = 0
  for (const words of commands) {
    await client.write(encodeWords(words))
    const bytes = await client.waitForBytes(received + TOO_LONG.length)
    t.equal(bytes.subarray(received).toString(), TOO_LONG, `${words[0]} ${words[1]}`)
    received = bytes.length
  }
  await client.write(encodeWords(['EXISTS', 'fresh']))
  const rest = (await client.waitForBytes(received + 4)).subarray(received).toString()
  t.equal(rest, ':0\r\n', 'the connection stays, nothing was made')
  await client.close()
  t.ok((await ask(server, ['GET', 'whole'], LIMIT)).equals(bulk(value)), 'nothing was changed')
}

/** Requests that together are larger than the pool, with replies as large. */
async function checkPool(t: Test, server: CkvServer): Promise<void> {
  const value = Buffer.alloc(7 * MEGABYTE, 'p')
  await ask(server, ['SET', '{pool}', value], 5)
  const wanted = bulk(value)
  const all = Array.from({ length: 10 }, () =>
    ask(server, ['GETSET', '{pool}', value], wanted.length),
  )
  const replies = await Promise.all(all)
  t.ok(
    replies.every((bytes) => bytes.equals(wanted)),
    '10 GETSET of 7 MB at once',
  )
}

/** More than a client may have unsent: it is cut, and nothing takes the place of the reply. */
async function checkOutputLimit(t: Test, server: CkvServer, value: Buffer): Promise<void> {
  const client = await RawClient.connect(server)
  const commands = [['SET', 'before', 'v'], ['MGET', ...TOO_MUCH], ['PING'], ['GET', 'before']]
  await client.write(Buffer.concat(commands.map(encodeWords)))
  const { bytes } = await client.waitForEnd()
  t.ok(['', '+OK\r\n'].includes(bytes.toString()), 'a reply of 288 MB cuts the connection')
  const short = await ask(server, ['GETRANGE', TOO_MUCH[0], '0', '9'], 17)
  t.equal(short.toString(), bulk(value.subarray(0, 10)).toString(), 'others are served')
}

/** 96 MB in one command, larger than what requests may take of the pool. */
async function checkLargeCommand(t: Test, server: CkvServer): Promise<void> {
  const other = Buffer.alloc(LIMIT, 'other')
  const client = await RawClient.connect(server)
  const keys = OVER_SHARDS.slice(0, 3)
  await client.write(encodeWords(['MSET', ...keys.flatMap((key) => [key, other])]))
  t.equal((await client.waitForBytes(5)).toString(), '+OK\r\n', 'MSET of 96 MB')
  await client.close()
  const wanted = bulk(other.subarray(LIMIT - 10))
  for (const key of keys) {
    const bytes = await ask(server, ['GETRANGE', key, '-10', '-1'], wanted.length)
    t.ok(bytes.equals(wanted), `the end of ${key}`)
  }
}
