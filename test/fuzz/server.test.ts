// Mutated frames over sockets to a whole server, in every configuration: every command is answered
// once, a broken stream gets its connection closed, nothing hangs, memory stays bounded.

import { connect } from 'node:net'
import t, { type Test } from 'tap'
import { type Random, SeededRandom } from '../../src/base/random.ts'
import { CommandGenerator } from '../compat/generator.ts'
import { configurationsOfRun, inEveryConfiguration } from '../support/matrix.ts'
import { residentBytes } from '../support/process-figures.ts'
import { decodeReplies } from '../support/resp.ts'
import type { CkvServer } from '../support/server.ts'
import { within } from '../support/until.ts'
import { Responder } from '../wire/responder.ts'
import {
  type CommandSource,
  harmlessCommand,
  mutatedStream,
  mutatedWords,
  pick,
} from './mutator.ts'

const LONG = process.env.CI === 'true' || process.env.CKV_TEST_LONG !== undefined
/** Over all configurations. */
const FRAMES = LONG ? 1_000_000 : 30_000
const FRAMES_OF_EACH = Math.ceil(FRAMES / configurationsOfRun().length)
const SEED = Number(process.env.CKV_TEST_SEED ?? 3)
const DRIVERS = 16
/** Frames that one connection sends at once, if none of them breaks the stream. */
const PIPELINE_MAX = 40
/** All frames but one in so many break a command in its words, that one the stream itself. */
const BROKEN_STREAM_ONE_IN = 8
/** Frames that may disappear in a bulk that was said to be long, before the next connection. */
const SWALLOWED_MAX = 3
const ANSWER_MS_MAX = 10_000
const SHARD_MEGABYTES = 32
/** Four full shards, their log slices, and what many receives leave for the collector. */
const RESIDENT_GROWTH_MEGABYTES_MAX = 4 * SHARD_MEGABYTES + 160
const MEGABYTE = 1_048_576

const CONNECTION_COMMANDS = [
  ['HELLO', '3'],
  ['HELLO', '2', 'SETNAME', 'fuzz'],
  ['CLIENT', 'SETNAME', 'fuzz'],
  ['CLIENT', 'ID'],
  ['CLUSTER', 'KEYSLOT', 'key'],
  ['CLUSTER', 'INFO'],
  ['COMMAND', 'INFO', 'get'],
  ['COMMAND', 'GETKEYS', 'MSET', 'a', 'b', 'c', 'd'],
  ['CONFIG', 'GET', 'm*'],
  ['AUTH', 'name', 'word'],
  ['MGET', 'a', 'b', 'c', 'd', 'e'],
  ['MSET', 'a', '1', 'b', '2', 'c', '3'],
  ['RESET'],
]

/** Commands of every kind, keys in all shards. */
const WAITING = /^b(lpop|rpop|rpoplpush|lmove|lmpop|zpopmin|zpopmax|zmpop)/i

function anyCommand(generator: CommandGenerator): CommandSource {
  return (random) => {
    const kind = random.below(10)
    if (kind < 3) return harmlessCommand(random)
    if (kind < 5) return [...pick(random, CONNECTION_COMMANDS)]
    for (;;) {
      const words = generator.next()
      // A client that ends its side while it waits for a key is closed without a reply.
      if (WAITING.test(String(words[0]))) continue
      return words.map((word) => {
        return typeof word === 'string' ? word : Buffer.from(word).toString('latin1')
      })
    }
  }
}

interface Batch {
  readonly bytes: Buffer
  readonly frameCount: number
  /** Replies that must come, and no more. */
  readonly replyCount: number
}

/** Frames up to the first that breaks the stream: the server reads nothing behind that one. */
class BatchMaker {
  readonly #random: Random
  readonly #source: CommandSource
  readonly #responder = new Responder()

  constructor(seed: number) {
    this.#random = new SeededRandom(seed)
    this.#source = anyCommand(new CommandGenerator({ seed, nowMs: Date.now(), profile: 'redis' }))
  }

  next(): Batch {
    const responder = this.#responder
    responder.clear()
    const frames: Uint8Array[] = []
    let replyCount = -1
    let swallowed = 0
    while (frames.length < PIPELINE_MAX && swallowed < SWALLOWED_MAX && replyCount < 0) {
      const seen = responder.commands.length
      const mutated = this.#random.below(BROKEN_STREAM_ONE_IN) > 0 ? mutatedWords : mutatedStream
      const frame = mutated(this.#random, this.#source)
      frames.push(frame)
      responder.receive(frame)
      replyCount = repliesUntilEnd(responder)
      swallowed = responder.commands.length > seen ? 0 : swallowed + 1
    }
    if (replyCount < 0) replyCount = responder.commands.length
    return { bytes: Buffer.concat(frames), frameCount: frames.length, replyCount }
  }
}

/** Replies before the server ends the connection by itself, or -1 if it does not. */
function repliesUntilEnd({ commands, closed }: Responder): number {
  const last = commands.findIndex(([name]) => /^(quit|post|host:)$/i.test(name))
  if (last >= 0) return /^quit$/i.test(commands[last][0]) ? last + 1 : last
  return closed ? commands.length + 1 : -1
}

/** Sends all of it and half-closes; everything that comes back until the server's end. */
function exchange(server: CkvServer, number: number, bytes: Buffer): Promise<Buffer> {
  return new Promise((resolve) => {
    const pieces: Buffer[] = []
    // Many source addresses: ports of ended connections stay taken for a minute.
    const localAddress = `127.0.0.${1 + (number % 250)}`
    const socket = connect({ host: server.host, port: server.port, localAddress })
    socket.on('data', (piece: Buffer) => pieces.push(piece))
    // A server that closes while we still send resets the connection: what came, came.
    socket.on('error', () => {})
    socket.on('close', () => resolve(Buffer.concat(pieces)))
    socket.end(bytes)
  })
}

async function drive(server: CkvServer, index: number, driver: number, frames: number) {
  const maker = new BatchMaker(SEED * 1000 + index * DRIVERS + driver)
  const found = { frames: 0, replies: 0, connections: 0, wrong: [] as string[] }
  while (found.frames < frames && found.wrong.length < 5) {
    const { bytes, frameCount, replyCount } = maker.next()
    const number = found.connections++ * DRIVERS + driver
    const answer = await within('an answer', ANSWER_MS_MAX, exchange(server, number, bytes))
    const { replies, end } = decodeReplies(answer)
    if (replies.length !== replyCount || end !== answer.length) {
      found.wrong.push(
        `${replies.length} replies, not ${replyCount}: ${JSON.stringify(bytes.toString('latin1'))}`,
      )
    }
    found.frames += frameCount
    found.replies += replies.length
  }
  return found
}

t.test(`${FRAMES} frames over sockets`, { timeout: 900_000 }, async (t) => {
  const flags = ['--shard-memory', `${SHARD_MEGABYTES}mb`]
  await inEveryConfiguration(t, flags, async (t, server, index) => {
    const { pid } = server.process
    const before = residentBytes(pid)
    let peak = before
    const watch = setInterval(() => {
      peak = Math.max(peak, residentBytes(pid))
    }, 100)
    const share = Math.ceil(FRAMES_OF_EACH / DRIVERS)
    const work = Array.from({ length: DRIVERS }, (_, driver) => drive(server, index, driver, share))
    const found = await Promise.all(work).finally(() => clearInterval(watch))
    const sum = (of: 'frames' | 'replies' | 'connections'): number =>
      found.reduce((total, result) => total + result[of], 0)
    const grown = Math.round((peak - before) / MEGABYTE)
    t.comment(`figure frames ${sum('frames')}, connections ${sum('connections')}`)
    t.comment(`figure replies ${sum('replies')}, resident +${grown} MB at most`)
    t.ok(sum('frames') >= FRAMES_OF_EACH, 'all frames were sent')
    t.same(
      found.flatMap(({ wrong }) => wrong),
      [],
      'one reply a command',
    )
    t.ok(grown < RESIDENT_GROWTH_MEGABYTES_MAX, `bounded memory: ${grown} MB`)
    await checkSound(t, server)
  })
})

/** The server still does all it should. */
async function checkSound(t: Test, server: CkvServer): Promise<void> {
  const client = await server.connect()
  t.same(
    await client.pipeline([['FLUSHALL'], ['SET', 'k', 'v'], ['MGET', 'k', 'none'], ['DBSIZE']]),
    [{ simple: 'OK' }, { simple: 'OK' }, ['v', null], 1],
  )
  await client.close()
}
