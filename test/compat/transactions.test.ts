// Random transactions with seeds against redis-server 7.0: several connections watch, queue,
// execute and discard the random commands of the generator in turn, and change each other's keys
// between.

import t, { type Test } from 'tap'
import { SeededRandom } from '../../src/base/random.ts'
import type { ProfileName } from '../../src/catalog/spec.ts'
import { ALL_ROWS } from '../../src/catalog/table.ts'
import { CONFIGURATIONS, configurationsOfRun, flagsOf, nameOf } from '../support/matrix.ts'
import { redisSkip, startRedis } from '../support/redis.ts'
import type { Reply } from '../support/resp.ts'
import type { RespClient } from '../support/resp-client.ts'
import { startCkv } from '../support/server.ts'
import { sameReply, show } from './compare.ts'
import { findDifference } from './differences.ts'
import { CommandGenerator, type Words } from './generator.ts'

const LONG = process.env.CI === 'true' || process.env.CKV_TEST_LONG !== undefined
const SEED = Number(process.env.CKV_TEST_SEED ?? 20_261_126)
const CONNECTIONS = 4
const COMMANDS = LONG ? 18_000 : 6000
const BATCH_MAX = 12
const MISMATCHES_MAX = 10

const GROUPS = new Set(['string', 'bitmap', 'hash', 'list', 'generic', 'connection', 'server'])
const GROUP_OF = new Map(ALL_ROWS.map(({ name, group }) => [name, group]))

const skip = redisSkip()

/** What one connection has sent since MULTI; null: it has not sent it. */
type Queue = Words[] | null

class Script {
  readonly queues: Queue[] = Array.from({ length: CONNECTIONS }, () => null)
  readonly #random: SeededRandom
  readonly #commands: CommandGenerator
  readonly #oneSlot: boolean

  constructor(seed: number, profile: ProfileName) {
    this.#random = new SeededRandom(seed)
    this.#commands = new CommandGenerator({ seed, nowMs: Date.now(), profile })
    this.#oneSlot = profile !== 'redis'
  }

  /** Some commands of a connection; what is queued stays open over several calls. */
  batch(): { connection: number; lines: Words[] } {
    const connection = this.#random.below(CONNECTIONS)
    const lines: Words[] = []
    const count = 1 + this.#random.below(BATCH_MAX)
    while (lines.length < count || this.#commands.hasPending) lines.push(this.#next(connection))
    return { connection, lines }
  }

  #next(connection: number): Words {
    const dice = this.#random.below(100)
    const queued = this.queues[connection] !== null
    if (this.#commands.hasPending) return this.#command()
    if (queued ? dice < 15 : dice < 2) return ['EXEC']
    if (queued ? dice < 17 : dice < 3) return ['DISCARD']
    if (queued ? dice < 18 : dice < 15) return ['MULTI']
    if (queued ? dice < 19 : dice < 30) return ['WATCH', ...this.#keys()]
    if (dice < 31) return ['UNWATCH']
    if (dice < 33) return ['PING']
    if (dice < 34) return this.#random.below(3) === 0 ? ['EXEC', 'x'] : ['NOSUCH', 'x']
    return this.#command()
  }

  /** Of the groups that are enough to see transactions; all of them are in oracle.test.ts. */
  #command(): Words {
    for (;;) {
      const words = this.#commands.next()
      if (GROUPS.has(GROUP_OF.get(String(words[0]).toLowerCase()) ?? '')) return words
    }
  }

  #keys(): string[] {
    const count = 1 + this.#random.below(3)
    const tag = this.#oneSlot ? '{t}' : ''
    return Array.from({ length: count }, () => `${tag}k${this.#random.below(12)}`)
  }

  /** Keeps account of what a reply means; returns the commands that EXEC answers. */
  note(connection: number, [name]: Words, reply: Reply): Words[] {
    const queue = this.queues[connection]
    const word = String(name).toUpperCase()
    if (word === 'MULTI') this.queues[connection] ??= []
    else if (word === 'EXEC' || word === 'DISCARD') {
      // An EXEC of 3.2 with an argument leaves the transaction open. What its commands answer may
      // say the same.
      const text = Array.isArray(reply) ? '' : JSON.stringify(reply)
      if (!/wrong number/.test(text) || /EXECABORT/.test(text)) {
        this.queues[connection] = null
      }
      return queue ?? []
    }
    return []
  }
}

interface Outcome {
  count: number
  executed: number
  aborted: number
  mismatches: string[]
}

async function compare(
  profile: ProfileName,
  seed: number,
  ours: readonly RespClient[],
  theirs: readonly RespClient[],
): Promise<Outcome> {
  const script = new Script(seed, profile)
  const outcome: Outcome = { count: 0, executed: 0, aborted: 0, mismatches: [] }
  const history: string[] = []
  while (outcome.count < COMMANDS && outcome.mismatches.length < MISMATCHES_MAX) {
    const { connection, lines } = script.batch()
    const [left, right] = await Promise.all([
      ours[connection].pipeline(lines),
      theirs[connection].pipeline(lines),
    ])
    lines.forEach((words, index) => {
      history.push(`${connection}: ${show(words)} → ${JSON.stringify(right[index])?.slice(0, 100)}`)
      const open = script.queues[connection]
      if (JSON.stringify(right[index]) === '{"simple":"QUEUED"}') open?.push(words)
      const queued = script.note(connection, words, right[index])
      const isExec = /^exec$/i.test(String(words[0]))
      if (isExec && Array.isArray(right[index])) outcome.executed++
      if (isExec && right[index] === null) outcome.aborted++
      if (same(profile, words, queued, left[index], right[index])) return
      outcome.mismatches.push(
        `${show(words)} → ${JSON.stringify(left[index])}, Redis ${JSON.stringify(right[index])}\n` +
          history.slice(-40).join('\n'),
      )
    })
    outcome.count += lines.length
  }
  return outcome
}

function same(
  profile: ProfileName,
  words: Words,
  queued: readonly Words[],
  ours: Reply,
  theirs: Reply,
): boolean {
  if (Array.isArray(ours) && Array.isArray(theirs) && /^exec$/i.test(String(words[0]))) {
    return (
      ours.length === theirs.length &&
      queued.length === theirs.length &&
      ours.every((reply, index) => sameOne(profile, queued[index], reply, theirs[index]))
    )
  }
  return sameOne(profile, words, ours, theirs)
}

function sameOne(profile: ProfileName, words: Words, ours: Reply, theirs: Reply): boolean {
  return (
    sameReply(words, ours, theirs) || findDifference(profile, words, ours, theirs) !== undefined
  )
}

async function run(t: Test, profile: ProfileName, flags: string[], seed: number): Promise<void> {
  const redis = await startRedis()
  const ckv = await startCkv({ flags: [...flags, '--profile', profile] })
  try {
    const connect = (server: { connect(): Promise<RespClient> }): Promise<RespClient[]> =>
      Promise.all(Array.from({ length: CONNECTIONS }, () => server.connect()))
    const outcome = await compare(profile, seed, await connect(ckv), await connect(redis))
    const { count, executed, aborted, mismatches } = outcome
    t.comment(`figure ${count} commands, ${executed} executed, ${aborted} aborted, seed ${seed}`)
    for (const mismatch of mismatches) t.fail(mismatch.slice(0, 3000), { at: null, stack: '' })
    t.ok(executed > count / 100 && aborted > count / 1000, 'both ends came')
  } finally {
    await redis.stop()
    await ckv.stop()
  }
}

t.test('profile redis executes transactions as Redis', { skip }, async (t) => {
  for (const [index, configuration] of configurationsOfRun().entries()) {
    await t.test(nameOf(configuration), (t) =>
      run(t as Test, 'redis', flagsOf(configuration), SEED * CONFIGURATIONS.length + index),
    )
  }
})
