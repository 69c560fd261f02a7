// What bounds pub/sub: slow subscribers are cut and stop nobody, messages of any size pass or cut,
// full shards take no new subscriptions, floods end at the limit of the area.

import t, { type Test } from 'tap'
import { residentBytes } from '../support/process-figures.ts'
import { inAllConfigurations, MESSAGE_MS_MAX, next, textOf } from '../support/pubsub.ts'
import { RawClient } from '../support/raw-client.ts'
import { encodeWords } from '../support/resp.ts'
import type { RespClient } from '../support/resp-client.ts'
import { type CkvServer, startCkv } from '../support/server.ts'
import { until, within } from '../support/until.ts'

const LONG = process.env.CKV_TEST_LONG !== undefined
const MEGABYTE = 1_048_576
/** Redis's limit takes its time; the same happens at a lower one. */
const LIMIT_BYTES = LONG ? 32 * MEGABYTE : 4 * MEGABYTE
const LARGE_BYTES = LONG ? 20 * MEGABYTE : 2 * MEGABYTE
const MESSAGES_BEHIND = LONG ? 24_000 : 4000
const OOM = { error: "OOM command not allowed when used memory > 'maxmemory'." }
const FLAGS = ['--shard-memory', '4mb', '--client-output-buffer-limit-pubsub', `${LIMIT_BYTES} 0 0`]
t.setTimeout(1_200_000)

t.test('limits of pub/sub', async (t) => {
  await inAllConfigurations(t, FLAGS, {
    'a slow subscriber is cut, the others get everything': checkSlow,
    'a subscriber that is behind gets everything when it reads again': checkBehind,
    'large messages': checkLarge,
    'a full shard takes no new subscriptions, those that are there go on': checkFull,
  })
})

// ── Slow subscribers, large messages ─────────────────────────────────────────────────────────

async function checkSlow(t: Test, server: CkvServer): Promise<void> {
  const slow = [await RawClient.connect(server), await RawClient.connect(server)]
  for (const client of slow) {
    await client.write(encodeWords(['SUBSCRIBE', 'news']))
    await client.waitForBytes(10)
    client.socket.pause()
  }
  const quick: RespClient[] = []
  for (let index = 0; index < 4; index++) {
    const client = await server.connect()
    await client.send('SUBSCRIBE', 'news')
    quick.push(client)
  }
  const before = residentBytes(server.process.pid)
  const publisher = await server.connect()
  let peak = before
  let slowest = 0
  let count = 0
  const text = 'm'.repeat(4000)
  for (; count < 40_000; count += 100) {
    const batch = Array.from({ length: 100 }, (_, at) => [
      'PUBLISH',
      'news',
      `${count + at} ${text}`,
    ])
    const started = performance.now()
    const answers = await within('PUBLISH', MESSAGE_MS_MAX, publisher.pipeline(batch))
    slowest = Math.max(slowest, performance.now() - started)
    for (const client of quick) {
      for (let at = 0; at < 100; at++) {
        if (textOf(await next(client)) !== `${count + at} ${text}`) t.fail('a message is missing')
      }
    }
    peak = Math.max(peak, residentBytes(server.process.pid))
    if (answers.at(-1) === quick.length) break
  }
  t.ok(count < 40_000, `the slow ones were cut after ${count} messages of 4 KB`)
  t.ok(count >= LIMIT_BYTES / 4100 - 100, 'not before the limit')
  const grown = Math.round((peak - before) / MEGABYTE)
  t.comment(`figure memory for two slow subscribers ${grown} MB, slowest batch ${slowest} ms`)
  t.ok(peak - before < 256 * MEGABYTE, `bounded: ${grown} MB`)
  for (const client of slow) {
    client.socket.resume()
    await client.waitForEnd()
  }
  for (const client of [...quick, publisher]) await client.close()
}

async function checkBehind(t: Test, server: CkvServer): Promise<void> {
  const [subscriber, publisher] = [await server.connect(), await server.connect()]
  await subscriber.send('SUBSCRIBE', 'news')
  subscriber.pause()
  const text = 'm'.repeat(1000)
  for (let from = 0; from < MESSAGES_BEHIND; from += 200) {
    const batch = Array.from({ length: 200 }, (_, at) => [
      'PUBLISH',
      'news',
      `${from + at} ${text}`,
    ])
    await publisher.pipeline(batch)
  }
  subscriber.resume()
  for (let number = 0; number < MESSAGES_BEHIND; number++) {
    const got = textOf(await next(subscriber))
    if (got !== `${number} ${text}`) t.fail(`${number}: ${got.slice(0, 20)}`)
  }
  t.same(await subscriber.send('UNSUBSCRIBE'), ['unsubscribe', 'news', 0])
  for (const client of [subscriber, publisher]) await client.close()
}

async function checkLarge(t: Test, server: CkvServer): Promise<void> {
  const subscribers = await Promise.all(Array.from({ length: 4 }, () => RawClient.connect(server)))
  let received = 0
  for (const client of subscribers) {
    await client.write(encodeWords(['SUBSCRIBE', 'large']))
    received = (await client.waitForBytes('*3\r\n$9\r\nsubscribe\r\n$5\r\nlarge\r\n:1\r\n'.length))
      .length
  }
  const publishers = [await server.connect(), await server.connect()]
  for (const byteLength of [70_000, 300_000, LARGE_BYTES]) {
    for (const [index, publisher] of publishers.entries()) {
      const text = String(index).repeat(byteLength)
      t.equal(await publisher.send('PUBLISH', 'large', text), subscribers.length)
      const wanted = encodeWords(['message', 'large', text])
      for (const client of subscribers) {
        const bytes = await client.waitForBytes(received + wanted.length)
        t.ok(bytes.subarray(received).equals(wanted), `${byteLength} bytes`)
      }
      received += wanted.length
    }
  }
  // Beyond the output limit of subscribers: they are cut, as by Redis.
  const beyond = 'x'.repeat(LIMIT_BYTES + MEGABYTE)
  t.equal(await publishers[0].send('PUBLISH', 'large', beyond), subscribers.length)
  for (const client of subscribers) {
    const { bytes } = await client.waitForEnd()
    t.equal(bytes.length, received, 'nothing of it came')
  }
  await until('they are gone', MESSAGE_MS_MAX, async () => {
    return (await publishers[0].send('PUBLISH', 'large', 'x')) === 0
  })
}

// ── Full shards, floods ──────────────────────────────────────────────────────────────────────

async function checkFull(t: Test, server: CkvServer): Promise<void> {
  const [client, patterns, other] = [
    await server.connect(),
    await server.connect(),
    await server.connect(),
  ]
  t.same(await client.send('SUBSCRIBE', '{full}before'), ['subscribe', '{full}before', 1])
  t.same(await patterns.send('PSUBSCRIBE', '{full}*'), ['psubscribe', '{full}*', 1])
  await fill(other)
  t.equal(await other.send('PUBLISH', '{full}before', 'x'), 2, 'PUBLISH goes on')
  t.same(await client.next(), ['message', '{full}before', 'x'])
  t.same(await patterns.next(), ['pmessage', '{full}*', '{full}before', 'x'])
  t.same(await client.send('SUBSCRIBE', '{full}new'), OOM)
  t.same(await client.send('SUBSCRIBE', 'elsewhere', '{full}new'), OOM, 'all or none')
  t.same(await client.send('SUBSCRIBE', '{full}before'), OOM, 'nor a renewed one')
  t.same(await client.send('PSUBSCRIBE', '{full}?'), OOM)
  t.same(await other.send('SUBSCRIBE', '{full}x'), OOM)
  t.same(await client.send('SUBSCRIBE', 'elsewhere'), ['subscribe', 'elsewhere', 2])
  t.same(await client.send('UNSUBSCRIBE', '{full}before'), ['unsubscribe', '{full}before', 1])
  t.same(await client.send('SUBSCRIBE', '{full}before'), OOM, 'it is new again')
  const rest = Array.from({ length: 2000 }, (_, at) => `{full}${at}`)
  await other.send('DEL', ...rest)
  t.same(await client.send('SUBSCRIBE', '{full}new'), ['subscribe', '{full}new', 2])
}

async function fill(client: RespClient): Promise<void> {
  for (let from = 0; ; from += 200) {
    const batch = Array.from({ length: 200 }, (_, at) => [
      'SET',
      `{full}${from + at}`,
      'v'.repeat(2000),
    ])
    const replies = await client.pipeline(batch)
    if (replies.some((reply) => JSON.stringify(reply) === JSON.stringify(OOM))) return
  }
}

t.test('floods of channels and patterns end at the limit of the area', async (t) => {
  const flags = ['--shards', '1', '--shard-memory', '64mb', '--acceptors', '2']
  const server = await startCkv({ flags })
  const other = await server.connect()
  for (const [command, least] of [
    ['SUBSCRIBE', 100_000],
    ['PSUBSCRIBE', 15_000],
  ] as const) {
    const before = residentBytes(server.process.pid)
    const client = await server.connect()
    const count = await flood(client, command)
    t.ok(count >= least && count < 1_000_000, `${count} by ${command}, then OOM`)
    const grown = Math.round((residentBytes(server.process.pid) - before) / MEGABYTE)
    t.comment(`figure ${count} by ${command}: ${grown} MB in two acceptors`)
    t.ok(grown < 300, 'bounded')
    const started = performance.now()
    t.equal(await other.send('PUBLISH', 'name7777!', 'x'), 1)
    t.comment(`figure PUBLISH among them ${(performance.now() - started).toFixed(1)} ms`)
    await client.close()
    await until('all is given back', MESSAGE_MS_MAX, async () => {
      return (await other.send('PUBLISH', 'name7777!', 'x')) === 0
    })
    t.same(await other.send('SUBSCRIBE', 'free'), ['subscribe', 'free', 1])
    t.same(await other.send('UNSUBSCRIBE'), ['unsubscribe', 'free', 0])
  }
  await server.stop()
})

/** Subscribes names without end; how many were taken when it was refused. */
async function flood(client: RespClient, command: string): Promise<number> {
  for (let count = 0; ; count += 2500) {
    const names = Array.from({ length: 2500 }, (_, at) => `name${count + at}!`)
    client.write(encodeWords([command, ...names]))
    const first = await next(client)
    if (!Array.isArray(first)) {
      if (JSON.stringify(first) !== JSON.stringify(OOM)) throw new Error(JSON.stringify(first))
      return count
    }
    for (let left = names.length - 1; left > 0; left--) await next(client)
  }
}
