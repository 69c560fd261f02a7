// Pub/sub over real sockets: many subscribers at several acceptors get everything once and in the
// order of each publisher, and what PUBLISH answers is what is delivered.

import t, { type Test } from 'tap'
import { SeededRandom } from '../../src/base/random.ts'
import { inAllConfigurations, MESSAGE_MS_MAX, next, textOf } from '../support/pubsub.ts'
import { encodeWords, type Reply } from '../support/resp.ts'
import type { RespClient } from '../support/resp-client.ts'
import type { CkvServer } from '../support/server.ts'
import { until } from '../support/until.ts'

const LONG = process.env.CKV_TEST_LONG !== undefined
const SEED = Number(process.env.CKV_TEST_SEED ?? 20_260_812)
const SUBSCRIBERS = LONG ? 1000 : 40
const MESSAGES = LONG ? 1000 : 200
const ROUNDS = LONG ? 2000 : 60
const PUBLISHERS = 4
t.setTimeout(1_200_000)

t.test('pub/sub', async (t) => {
  await inAllConfigurations(t, [], {
    'many subscribers get all messages in the order of each publisher': checkOrderOfAll,
    'PUBLISH answers how many get it, while subscribers come and go': checkCounts,
    'a message comes behind the writes of its publisher': checkBehindWrites,
    'MULTI: messages leave when EXEC has run, and only then': checkTransactions,
    'RESP3: messages stand between whole replies, never inside': checkBetweenReplies,
  })
})

// ── Everything, once, in order ───────────────────────────────────────────────────────────────

async function checkOrderOfAll(t: Test, server: CkvServer): Promise<void> {
  const subscribers: RespClient[] = []
  for (let index = 0; index < SUBSCRIBERS; index++) {
    const client = await server.connect()
    // Of two channels, so that an order over channels is seen too; some by a pattern.
    await client.send(
      ...(index % 3 === 0 ? ['PSUBSCRIBE', 'news:?'] : ['SUBSCRIBE', 'news:1', 'news:2']),
    )
    if (index % 3 !== 0) await client.next()
    subscribers.push(client)
  }
  const publishers: RespClient[] = []
  for (let index = 0; index < PUBLISHERS; index++) publishers.push(await server.connect())
  const started = performance.now()
  const checks = subscribers.map((client) => checkOrder(client))
  const share = MESSAGES / PUBLISHERS
  const counts = await Promise.all(
    publishers.map((client, publisher) => publishAll(client, publisher, share)),
  )
  t.ok(
    counts.flat().every((count) => count === SUBSCRIBERS),
    'each PUBLISH answers with all subscribers',
  )
  t.same(new Set(await Promise.all(checks)), new Set(['in order']))
  const ms = Math.round(performance.now() - started)
  t.comment(`figure ${SUBSCRIBERS} x ${MESSAGES} messages in ${ms} ms`)
  for (const client of [...subscribers, ...publishers]) await client.close()
  const witness = await server.connect()
  await until('all subscriptions are gone', MESSAGE_MS_MAX, async () => {
    return (await witness.send('PUBLISH', 'news:1', 'x')) === 0
  })
  t.same(await witness.send('PUBSUB', 'CHANNELS'), [])
  t.equal(await witness.send('PUBSUB', 'NUMPAT'), 0)
}

async function publishAll(client: RespClient, publisher: number, share: number): Promise<Reply[]> {
  const counts: Reply[] = []
  for (let from = 0; from < share; from += 50) {
    const batch = Array.from({ length: Math.min(50, share - from) }, (_, at) => {
      const number = from + at
      return ['PUBLISH', `news:${1 + (number % 2)}`, `${publisher} ${number}`]
    })
    counts.push(...(await client.pipeline(batch)))
  }
  return counts
}

async function checkOrder(client: RespClient): Promise<string> {
  const expected = new Array<number>(PUBLISHERS).fill(0)
  for (let count = 0; count < MESSAGES; count++) {
    const [publisher, number] = textOf(await next(client))
      .split(' ')
      .map(Number)
    if (number !== expected[publisher]++) return `${publisher} sent ${number} out of order`
  }
  return 'in order'
}

// ── The number that PUBLISH answers ──────────────────────────────────────────────────────────

async function checkCounts(t: Test, server: CkvServer): Promise<void> {
  const random = new SeededRandom(SEED)
  t.comment(`seed ${SEED}`)
  const state = { done: false, received: 0 }
  const coming = Array.from({ length: 8 }, (_, index) =>
    comeAndGo(server, state, new SeededRandom(random.below(1_000_000)), index % 2 === 0),
  )
  const publishers = await Promise.all(
    Array.from({ length: 3 }, async () => {
      const client = await server.connect()
      let counted = 0
      for (let round = 0; round < ROUNDS; round++) {
        const batch = Array.from({ length: 10 }, (_, at) => ['PUBLISH', `c${at % 3}`, 'x'])
        for (const count of await client.pipeline(batch)) counted += Number(count)
      }
      return counted
    }),
  )
  state.done = true
  await Promise.all(coming)
  const counted = publishers.reduce((sum, count) => sum + count, 0)
  t.comment(`figure receivers counted ${counted}`)
  t.ok(counted > 0, 'somebody got something')
  t.equal(state.received, counted, 'as many messages came')
}

interface Traffic {
  done: boolean
  received: number
}

/** Subscribes and unsubscribes one name after another; every message in between is counted. */
async function comeAndGo(
  server: CkvServer,
  state: Traffic,
  random: SeededRandom,
  byPattern: boolean,
): Promise<void> {
  const client = await server.connect()
  const prefix = byPattern ? 'P' : ''
  while (!state.done) {
    const name = byPattern ? ['*', 'c?', 'c[01]'][random.below(3)] : `c${random.below(3)}`
    const confirmed = `${prefix}subscribe`.toLowerCase()
    const left = `${prefix}unsubscribe`.toLowerCase()
    client.write(encodeWords([`${prefix}SUBSCRIBE`, name]))
    await countUpTo(client, state, confirmed)
    for (let pings = random.below(4); pings > 0; pings--) {
      client.write(encodeWords(['PING']))
      await countUpTo(client, state, 'pong')
    }
    client.write(encodeWords([`${prefix}UNSUBSCRIBE`]))
    await countUpTo(client, state, left)
  }
  await client.close()
}

async function countUpTo(client: RespClient, state: Traffic, word: string): Promise<void> {
  for (;;) {
    const reply = await next(client)
    const first = Array.isArray(reply) ? reply[0] : JSON.stringify(reply)
    if (first === word) return
    if (first !== 'message' && first !== 'pmessage') throw new Error(`got ${JSON.stringify(reply)}`)
    state.received++
  }
}

async function checkBehindWrites(t: Test, server: CkvServer): Promise<void> {
  const [publisher, subscriber, reader] = [
    await server.connect(),
    await server.connect(),
    await server.connect(),
  ]
  await subscriber.send('SUBSCRIBE', 'news')
  for (let round = 0; round < 30; round++) {
    const writes = Array.from({ length: 20 }, (_, at) => ['SET', `k${at}`, `${round}`])
    const answered = publisher.pipeline([...writes, ['PUBLISH', 'news', `${round}`]])
    t.equal(textOf(await next(subscriber)), `${round}`)
    const keys = writes.map(([, key]) => key)
    const values = (await reader.send('MGET', ...keys)) as string[]
    if (!values.every((value) => value === `${round}`)) t.fail(`${round}: ${values}`)
    t.equal((await answered).at(-1), 1)
  }
  for (const client of [publisher, subscriber, reader]) await client.close()
}

async function checkTransactions(t: Test, server: CkvServer): Promise<void> {
  const [publisher, subscriber, reader] = [
    await server.connect(),
    await server.connect(),
    await server.connect(),
  ]
  await subscriber.send('SUBSCRIBE', 'exec')
  for (let round = 0; round < 30; round++) {
    const answered = publisher.pipeline([
      ['MULTI'],
      ['SET', '{x}1', `${round}`],
      ['PUBLISH', 'exec', `${round}`],
      ['SET', '{x}2', `${round}`],
      ['PUBLISH', 'nobody', 'x'],
      ['EXEC'],
    ])
    t.equal(textOf(await next(subscriber)), `${round}`)
    t.same(await reader.send('MGET', '{x}1', '{x}2'), [`${round}`, `${round}`])
    t.same((await answered).at(-1), [{ simple: 'OK' }, 1, { simple: 'OK' }, 0])
  }
  await publisher.pipeline([
    ['WATCH', '{x}1'],
    ['MULTI'],
    ['PUBLISH', 'exec', 'never'],
    ['GET', 'x'],
  ])
  await reader.send('SET', '{x}1', 'other')
  t.equal(await publisher.send('EXEC'), null)
  await publisher.pipeline([['MULTI'], ['PUBLISH', 'exec', 'never'], ['DISCARD']])
  t.equal(await publisher.send('PUBLISH', 'exec', 'last'), 1)
  t.equal(textOf(await next(subscriber)), 'last')
  await reader.pipeline([['MULTI'], ['SUBSCRIBE', 'exec'], ['UNSUBSCRIBE', 'exec']])
  t.match(await reader.send('EXEC'), [
    ['subscribe', 'exec', 1],
    ['unsubscribe', 'exec', 0],
  ])
  for (const client of [publisher, subscriber, reader]) await client.close()
}

async function checkBetweenReplies(t: Test, server: CkvServer): Promise<void> {
  const value = 'v'.repeat(200_000)
  const [client, publisher] = [await server.connect(), await server.connect()]
  await client.send('HELLO', '3')
  await client.send('SUBSCRIBE', 'between')
  await client.send('SET', 'large', value)
  const commands = 200
  client.write(
    Buffer.concat(
      Array.from({ length: commands }, (_, at) => encodeWords(['GET', at % 7 ? 'small' : 'large'])),
    ),
  )
  const sent = publisher.pipeline(
    Array.from({ length: 100 }, (_, at) => ['PUBLISH', 'between', `${at}`]),
  )
  let messages = 0
  let replies = 0
  while (messages < 100 || replies < commands) {
    const reply = await next(client)
    if (isPush(reply)) {
      if (textOf(reply.push) !== `${messages}`) t.fail(`message ${textOf(reply.push)}`)
      messages++
    } else if (reply !== (replies++ % 7 ? null : value)) t.fail('a reply is broken')
  }
  t.ok((await sent).every((count) => count === 1))
}

function isPush(reply: Reply): reply is { push: Reply[] } {
  return reply !== null && typeof reply === 'object' && !Array.isArray(reply) && 'push' in reply
}
