// Pub/sub against redis-server 7.0: scripts of one connection byte by byte, then random commands of
// several connections of either protocol, with everything that each of them gets in between. And
// the texts in which the other profiles differ.

import t, { type Test } from 'tap'
import { type Random, SeededRandom } from '../../src/base/random.ts'
import { configurationsOfRun, flagsOf, nameOf } from '../support/matrix.ts'
import { RawClient } from '../support/raw-client.ts'
import { redisSkip, startRedis } from '../support/redis.ts'
import { encodeWords, type Reply } from '../support/resp.ts'
import type { RespClient } from '../support/resp-client.ts'
import { type CkvServer, startCkv } from '../support/server.ts'
import { within } from '../support/until.ts'

const LONG = process.env.CKV_TEST_LONG !== undefined
const SEED = Number(process.env.CKV_TEST_SEED ?? 20_260_811)
const STEPS = LONG ? 5000 : 600
const CLIENTS = 5
const REPLY_MS_MAX = 10_000
const skip = redisSkip()

/** Each is sent whole on a connection of its own. What has no order in Redis does not come. */
const SCRIPTS: readonly (readonly string[])[] = [
  ['SUBSCRIBE a b a', 'PING', 'PING x', 'PING x y', 'UNSUBSCRIBE b', 'UNSUBSCRIBE', 'UNSUBSCRIBE'],
  ['SUBSCRIBE a', 'GET a', 'CLIENT ID', 'PUBLISH a x', 'PUBSUB CHANNELS', 'HELLO 3', 'NOSUCH'],
  ['SUBSCRIBE', 'PSUBSCRIBE', 'PUBLISH a', 'PUBSUB', 'SUBSCRIBE a', 'GET', 'SUBSCRIBE', 'PING'],
  ['PSUBSCRIBE a* b*', 'SUBSCRIBE a', 'PUNSUBSCRIBE x', 'PUNSUBSCRIBE b*', 'UNSUBSCRIBE', 'PING'],
  ['UNSUBSCRIBE', 'PUNSUBSCRIBE', 'SUNSUBSCRIBE', 'UNSUBSCRIBE x y', 'PUNSUBSCRIBE x', 'GET x'],
  ['SUBSCRIBE a', 'RESET', 'GET a', 'PUBLISH a x', 'PUBSUB CHANNELS'],
  ['SUBSCRIBE a', 'SSUBSCRIBE s', 'PSUBSCRIBE p', 'UNSUBSCRIBE', 'SUNSUBSCRIBE', 'PUNSUBSCRIBE'],
  ['HELLO 3', 'SUBSCRIBE a', 'PUBLISH a x', 'PING', 'PING x', 'SET k v', 'GET k', 'PUBLISH b x'],
  ['HELLO 3', 'SUBSCRIBE a', 'PSUBSCRIBE a*', 'PUBLISH a x', 'UNSUBSCRIBE', 'UNSUBSCRIBE'],
  ['HELLO 3', 'SSUBSCRIBE a', 'SPUBLISH a x', 'PUBLISH a x', 'SUNSUBSCRIBE a', 'SUNSUBSCRIBE'],
  ['HELLO 3', 'SUBSCRIBE a', 'HELLO 2', 'GET a', 'RESET', 'HELLO 3', 'PUBSUB NUMSUB a b'],
  ['HELLO 3', 'PSUBSCRIBE *', 'PUBLISH a x', 'SPUBLISH a x', 'PUBSUB NUMPAT', 'PUBSUB CHANNELS'],
  ['PUBSUB NUMSUB', 'PUBSUB NUMSUB a b', 'PUBSUB NUMPAT', 'PUBSUB NUMPAT x', 'PUBSUB CHANNELS a b'],
  [
    'PUBSUB FOO',
    'PUBSUB FOO x',
    'PUBSUB SHARDCHANNELS a b',
    'PUBSUB SHARDNUMSUB a',
    'PUBSUB SHARDNUMSUB',
  ],
  ['HELLO 3', 'PUBSUB NUMSUB a', 'PUBSUB CHANNELS', 'PUBSUB SHARDCHANNELS *', 'PUBSUB NUMPAT'],
  ['SUBSCRIBE a', 'QUIT', 'PING'],
]

function script(lines: readonly string[]): Buffer {
  const commands = [...lines, 'QUIT'].map((line) => encodeWords(line.split(' ')))
  return Buffer.concat(commands)
}

async function exchange(server: CkvServer, bytes: Uint8Array): Promise<string> {
  const client = await RawClient.connect(server)
  await client.write(bytes)
  return visible((await client.waitForEnd()).bytes)
}

/** HELLO tells versions and ids. */
function visible(bytes: Buffer): string {
  return bytes
    .toString('latin1')
    .replaceAll(/\$\d+\r\n\d+\.\d+\.\d+/g, '<version>')
    .replaceAll(/(id\r\n):\d+/g, '$1<id>')
    .replaceAll(/(CLIENT ID\r\n):\d+/g, '$1<id>')
}

t.test('scripts of one connection', { skip }, async (t) => {
  const redis = await startRedis()
  const ckv = await startCkv({ flags: ['--profile', 'redis', '--acceptors', '2'] })
  for (const lines of SCRIPTS) {
    const wanted = visible(await redis.exchange(script(lines)))
    t.equal(await exchange(ckv, script(lines)), wanted, lines.join(' / '))
  }
  await redis.stop()
  await ckv.stop()
})

// ── Random commands of several connections ───────────────────────────────────────────────────

interface Peer {
  readonly clients: RespClient[]
}

interface Step {
  readonly client: number
  readonly words: string[]
}

const NAMES = ['a', 'ab', 'abc', 'b', '{t}x', '']
const PATTERNS = ['*', 'a*', '?', '[ab]', 'ab\\c', '*c', '{t}*']

class StepGenerator {
  readonly #random: Random
  /** The generator's own idea of what a RESP2 client may send. */
  constructor(seed: number) {
    this.#random = new SeededRandom(seed)
  }

  next(): Step {
    const client = this.#random.below(CLIENTS)
    return { client, words: this.#words() }
  }

  #pick<Item>(items: readonly Item[]): Item {
    return items[this.#random.below(items.length)]
  }

  #some(items: readonly string[], least: number): string[] {
    return Array.from({ length: least + this.#random.below(3) }, () => this.#pick(items))
  }

  #words(): string[] {
    switch (this.#random.below(16)) {
      case 0:
      case 1:
        return ['SUBSCRIBE', ...this.#some(NAMES, 1)]
      case 2:
        return ['PSUBSCRIBE', ...this.#some(PATTERNS, 1)]
      case 3:
        return ['SSUBSCRIBE', ...this.#some(NAMES, 1)]
      case 4:
        return ['UNSUBSCRIBE', ...this.#some(NAMES, 0)]
      case 5:
        return ['PUNSUBSCRIBE', ...this.#some(PATTERNS, 0)]
      case 6:
        return ['SUNSUBSCRIBE', ...this.#some(NAMES, 0)]
      case 7:
        return ['SPUBLISH', this.#pick(NAMES), this.#message()]
      case 8:
        return this.#pick([
          ['RESET'],
          ['HELLO', '2'],
          ['HELLO', '3'],
          ['GET', 'x'],
          ['PUBSUB', 'NUMPAT'],
          ['PUBSUB', 'CHANNELS', '*'],
          ['PUBSUB', 'CHANNELS'],
          ['PUBSUB', 'SHARDCHANNELS'],
          ['PUBSUB', 'NUMSUB', ...NAMES],
          ['PUBSUB', 'SHARDNUMSUB', ...NAMES],
        ])
      default:
        return ['PUBLISH', this.#pick(NAMES), this.#message()]
    }
  }

  #message(): string {
    const length = this.#pick([0, 1, 10, 10, 100, 5000, 100_000])
    return `${this.#random.below(1000)}`.padEnd(length, 'm')
  }
}

/** Everything that each client got by the step, up to the answer of a PING behind it. */
async function run(peer: Peer, step: Step, number: number): Promise<Reply[][]> {
  const actor = peer.clients[step.client]
  actor.write(encodeWords(step.words))
  const mark = `mark ${number}`
  // The actor first: what it publishes is on its way to the others when its own PING is answered.
  const own = await upTo(actor, mark)
  const all: Reply[][] = []
  for (const client of peer.clients) all.push(client === actor ? own : await upTo(client, mark))
  return all
}

async function upTo(client: RespClient, mark: string): Promise<Reply[]> {
  client.write(encodeWords(['PING', mark]))
  const got: Reply[] = []
  for (;;) {
    const reply = await within(`PING ${mark}`, REPLY_MS_MAX, client.next())
    got.push(reply)
    if (reply === mark || JSON.stringify(reply) === JSON.stringify(['pong', mark])) return got
  }
}

/**
 * What has no order in Redis: the channels of a list, of an UNSUBSCRIBE of all with its counts, and
 * the patterns that match one message.
 */
function withoutOrder(words: readonly string[], replies: readonly Reply[]): string {
  const text = (reply: Reply): string => JSON.stringify(reply)
  if (/^PUBSUB$/.test(words[0]) && /CHANNELS$/.test(words[1])) {
    return replies
      .map((reply) => (Array.isArray(reply) ? text(reply.toSorted()) : text(reply)))
      .join()
  }
  if (/^[PS]?UNSUBSCRIBE$/.test(words[0]) && words.length === 1) {
    const counts = replies.map((reply) => text(reply).match(/\d+(?=\]\}?$)/)?.[0]).toSorted()
    const names = replies.map((reply) => text(reply).replace(/\d+(?=\]\}?$)/, '')).toSorted()
    return `${names} ${counts}`
  }
  if (words[0] === 'HELLO') return replies.slice(1).map(text).join()
  return replies.map(text).toSorted().join()
}

async function connectAll(connect: () => Promise<RespClient>): Promise<Peer> {
  const clients: RespClient[] = []
  for (let index = 0; index < CLIENTS; index++) {
    const client = await connect()
    if (index % 2 === 1) await client.send('HELLO', '3')
    clients.push(client)
  }
  return { clients }
}

async function compareRandom(t: Test, flags: string[], seed: number): Promise<void> {
  const redis = await startRedis()
  const ckv = await startCkv({ flags: [...flags, '--profile', 'redis'] })
  const ours = await connectAll(() => ckv.connect())
  const theirs = await connectAll(() => redis.connect())
  const generator = new StepGenerator(seed)
  let received = 0
  for (let number = 0; number < STEPS; number++) {
    const step = generator.next()
    const [left, right] = await Promise.all([run(ours, step, number), run(theirs, step, number)])
    for (let client = 0; client < CLIENTS; client++) {
      const got = withoutOrder(step.words, left[client])
      const wanted = withoutOrder(step.words, right[client])
      received += left[client].length - 1
      if (got === wanted) continue
      const what = `${step.words.join(' ').slice(0, 80)} of client ${step.client}`
      t.equal(got.slice(0, 500), wanted.slice(0, 500), `step ${number}: ${what}, client ${client}`)
    }
  }
  t.comment(`figure steps ${STEPS}, replies and messages ${received}, seed ${seed}`)
  t.ok(received > STEPS, 'messages came')
  await redis.stop()
  await ckv.stop()
}

t.test('random commands of several connections', { skip }, async (t) => {
  for (const [index, configuration] of configurationsOfRun().entries()) {
    await t.test(nameOf(configuration), async (t) => {
      await compareRandom(t as Test, flagsOf(configuration), SEED + index)
    })
  }
})

// ── The other profiles ───────────────────────────────────────────────────────────────────────

const CONTEXT_32 = 'ERR only (P)SUBSCRIBE / (P)UNSUBSCRIBE / PING / QUIT allowed in this context'
const SYNTAX_32 = 'ERR Unknown PUBSUB subcommand or wrong number of arguments for'

t.test('profile ckv has the words of 3.2', async (t) => {
  const ckv = await startCkv({ flags: ['--profile', 'ckv'] })
  const client = await ckv.connect()
  const other = await ckv.connect()
  t.same(await client.send('PSUBSCRIBE', 'a*'), ['psubscribe', 'a*', 1])
  t.same(await other.send('PSUBSCRIBE', 'a*'), ['psubscribe', 'a*', 1])
  t.same(await client.send('GET', 'x'), { error: CONTEXT_32 })
  t.same(await client.send('PING'), ['pong', ''])
  const asking = await ckv.connect()
  t.equal(await asking.send('PUBSUB', 'NUMPAT'), 2, 'subscriptions, not patterns')
  for (const [words, shown] of [
    [['PUBSUB', 'foo'], 'foo'],
    [['PUBSUB', 'Numpat', 'x'], 'Numpat'],
    [['PUBSUB', 'CHANNELS', 'a', 'b'], 'CHANNELS'],
    [['PUBSUB', 'HELP'], 'HELP'],
    [['PUBSUB', 'SHARDCHANNELS'], 'SHARDCHANNELS'],
  ] as const) {
    t.same(await asking.send(...words), { error: `${SYNTAX_32} '${shown}'` })
  }
  t.match(await asking.send('SSUBSCRIBE', 'x'), { error: /unknown command/ })
  t.equal(await asking.send('PUBLISH', 'abc', 'x'), 2)
  await ckv.stop()
})

t.test('profile extended: shard channels of one command lie in one slot', async (t) => {
  const ckv = await startCkv()
  const client = await ckv.connect()
  t.same(await client.send('SSUBSCRIBE', 'a', 'b'), {
    error: "CROSSSLOT Keys in request don't hash to the same slot",
  })
  t.same(await client.send('SSUBSCRIBE', '{a}1'), ['ssubscribe', '{a}1', 1])
  t.same(await client.send('GET', 'x'), { error: CONTEXT_32 })
  t.same(await client.send('RESET'), { simple: 'RESET' })
  t.match(await client.send('PUBSUB', 'HELP'), [{ simple: /PUBSUB/ }])
  await ckv.stop()
})
