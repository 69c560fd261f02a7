// Random commands on shards whose encodings change all the time, whose memory and disk fail now and
// then. After each command: memory is sound, an error changed nothing, and the same commands on
// shards without any of that answer the same and hold the same. Now and then, and at the end, the
// log gives back what is stored.

import t, { type Test } from 'tap'
import type { ProfileName } from '../../src/catalog/spec.ts'
import type { EncodingLimits } from '../../src/memory/encoding-limits.ts'
import { show } from '../compat/compare.ts'
import type { Reply } from '../support/resp.ts'
import { recoveredFixture, ShardFixture } from '../support/shard-fixture.ts'
import { CommandMix } from './command-mix.ts'

const LONG = process.env.CKV_TEST_LONG !== undefined
const SEED = Number(process.env.CKV_TEST_SEED ?? 20_261_127)
const RUNS = LONG ? 20 : 8
const STEPS = 250
const ARENA_BYTES = 4_194_304
const HUGE_ARENA_BYTES = 25_165_824
const SLICE_BYTES = 65_536
const RETRY_MS = 200
const PROFILES: readonly ProfileName[] = ['redis', 'extended', 'ckv']

const FAILED = /^(OOM |MISCONF )/
const UNKNOWN = /outcome unknown/
/** Answered by chance, or by how data lie. */
const BY_CHANCE =
  /^(randomkey|.scan|scan|spop|.rand(member|field)|object|debug|memory|dump|dbsize)$/
/** What they store is a matter of chance. */
const CHANGES_BY_CHANCE = /^spop$/
const UNORDERED = /^(keys|smembers|sinter|sunion|sdiff|hkeys|hvals|hgetall|sort|sort_ro)$/

class Run {
  readonly t: Test
  readonly seed: number
  readonly mix: CommandMix
  readonly profile: ProfileName
  readonly shards: number
  readonly protocol: 2 | 3
  readonly ours: ShardFixture
  /** The same data without failures and with other encodings. */
  model: ShardFixture
  readonly history: string[] = []
  readonly #arenaBytes: number
  readonly #faultPercent: number
  /** The last command, if it is to be tried again. */
  #again: string[] | undefined
  /** Commands until the disk works again. */
  #faultySteps = 0

  constructor(t: Test, seed: number) {
    this.t = t
    this.seed = seed
    this.profile = PROFILES[seed % PROFILES.length]
    this.shards = seed % 2 === 0 ? 1 : 3
    this.protocol = seed % 4 < 2 ? 2 : 3
    const huge = seed % 5 === 0
    const longKeys = seed % 4 === 3
    this.#arenaBytes = huge ? HUGE_ARENA_BYTES : ARENA_BYTES
    this.mix = new CommandMix(seed, this.profile, this.profile !== 'redis', huge, longKeys)
    this.#faultPercent = longKeys ? 12 : 4
    this.ours = this.#makeFixture(this.#limits())
    this.model = this.#makeFixture({})
  }

  #limits(): Partial<EncodingLimits> {
    const { mix } = this
    return {
      hashEntriesMax: mix.pick([0, 2, 5]),
      hashValueBytesMax: mix.pick([2, 64, 70_000]),
      setIntegersMax: mix.pick([0, 2, 5]),
      setEntriesMax: mix.pick([0, 3, 6]),
      setValueBytesMax: mix.pick([2, 64, 70_000]),
      zsetEntriesMax: mix.pick([0, 2, 5]),
      zsetValueBytesMax: mix.pick([2, 64, 70_000]),
      listPackedSize: mix.pick([1, 2, 4, -1, -5]),
    }
  }

  #makeFixture(limits: Partial<EncodingLimits>): ShardFixture {
    return new ShardFixture({
      profile: this.profile,
      shards: this.shards,
      protocol: this.protocol,
      arenaBytes: this.#arenaBytes,
      sliceBytes: SLICE_BYTES,
      seed: this.seed,
      limits,
    })
  }

  /** True: all steps passed. */
  run(): boolean {
    for (let step = 0; step < STEPS; step++) {
      const problem = this.#step()
      if (problem !== '') {
        this.#report(problem)
        return false
      }
    }
    const problem = this.#checkLog()
    if (problem !== '') this.#report(problem)
    return problem === ''
  }

  #report(problem: string): void {
    const { seed, profile, shards, protocol } = this
    this.t.fail(`seed ${seed}: ${problem.slice(0, 2000)}`, {
      at: null,
      stack: '',
      run: `${profile}, ${shards} shards, RESP${protocol}`,
      history: this.history.slice(-30),
    })
  }

  #step(): string {
    const { mix, ours } = this
    this.#passTime()
    ours.database = mix.chance(85) ? 0 : 1
    this.model.database = ours.database
    this.model.clock.nowMs = ours.clock.nowMs
    const words = this.#again ?? mix.next()
    this.history.push(show(words))
    const before = contentsAt(ours)
    this.#breakSomething()
    let reply: Reply
    try {
      reply = ours.run(...words)
    } catch (error) {
      return `threw ${(error as Error).stack}`
    }
    for (const { arena } of ours.sides) arena.failAllocationIn = 0
    const findings = ours.findings()
    if (findings.length > 0) return findings.slice(0, 5).join('\n')
    if (words[0] === 'dump' && typeof reply === 'string') mix.payloads.push(reply)
    const problem = this.#judge(words, reply, before)
    if (problem !== '') return problem
    // What changed nothing is tried again, to fail elsewhere.
    this.#again = FAILED.test(errorOf(reply)) && mix.chance(80) ? words : undefined
    return mix.chance(2) ? this.#checkLog() : ''
  }

  #passTime(): void {
    const { mix, ours } = this
    if (mix.chance(30)) ours.clock.advance(mix.pick([1, 40, 700, 6000]))
    if (this.#faultySteps > 0 && --this.#faultySteps === 0) this.#heal()
    if (mix.chance(5)) ours.releaseAll()
  }

  #heal(): void {
    this.ours.files.fault = () => ''
    this.ours.clock.advance(RETRY_MS)
    this.ours.retryGroups()
  }

  #breakSomething(): void {
    const { mix, ours } = this
    if (mix.chance(this.#again === undefined ? 35 : 80)) {
      const { arena } = mix.pick(ours.sides)
      arena.failAllocationIn = 1 + mix.below(mix.pick([2, 5, 12, 40]))
      arena.failAllocationStays = mix.chance(50)
    }
    if (this.#faultySteps > 0 || !mix.chance(this.#faultPercent)) return
    this.#faultySteps = mix.pick([1, 1, 1, 6])
    let left = mix.pick([1, 1, 2, 3])
    const stays = mix.chance(60)
    const code = mix.pick(['ENOSPC', 'EIO'])
    ours.files.fault = (operation) => {
      if (!operation.startsWith('write')) return ''
      left--
      return left === 0 || (left < 0 && stays) ? code : ''
    }
  }

  #judge(words: string[], reply: Reply, before: Map<string, string>): string {
    const error = errorOf(reply)
    if (UNKNOWN.test(error)) {
      this.#faultySteps = 0
      this.#heal()
      return this.#startAnew()
    }
    const now = contentsAt(this.ours)
    if (error !== '') {
      const changes = differenceOf(now, withoutExpired(before, this.ours.clock.nowMs))
      if (changes !== '') return `${error} changed ${changes}`
    }
    if (FAILED.test(error)) return ''
    if (CHANGES_BY_CHANCE.test(words[0]) || this.#dependsOnEncoding(words)) {
      this.#faultySteps = 0
      this.#heal()
      return this.#startAnew()
    }
    const expected = this.model.run(...words)
    if (!BY_CHANCE.test(words[0]) && plain(words, reply) !== plain(words, expected)) {
      return `answers ${plain(words, reply)} instead of ${plain(words, expected)}`
    }
    const changes = differenceOf(now, contentsAt(this.model))
    return changes === '' ? '' : `leaves ${changes}`
  }

  /** Ranges of texts where scores differ, as in Redis; what elements of equal weight come to. */
  #dependsOnEncoding(words: readonly string[]): boolean {
    const text = words.join(' ').toLowerCase()
    if (/bylex|range.*lex|zlexcount/.test(text)) return true
    return words[0].startsWith('sort') && /\bby\b/.test(text) && /\bstore\b/.test(text)
  }

  #checkLog(): string {
    this.#faultySteps = 0
    this.#heal()
    return this.#startAnew()
  }

  /** What the log gives back is what is stored, and the model from now on. */
  #startAnew(): string {
    const { ours } = this
    for (const shard of ours.sides.keys()) ours.run('SET', keyOfShard(ours, shard), 'written')
    const directories = ours.sides.map(({ shard }) => `/shard-${shard}`)
    const found = recoveredFixture(ours.files, directories, 1, {
      profile: this.profile,
      shards: this.shards,
      protocol: this.protocol,
      arenaBytes: this.#arenaBytes * 2,
      seed: this.seed,
    })
    const findings = found.findings()
    if (findings.length > 0) return `after a start: ${findings.slice(0, 5).join('\n')}`
    const changes = differenceOf(new Map(found.contents()), new Map(ours.contents()))
    if (changes !== '') return `a start gives ${changes}`
    this.model = found
    this.model.clock.nowMs = ours.clock.nowMs
    return ''
  }
}

/** A key of no other use in each shard. */
function keyOfShard(fixture: ShardFixture, shard: number): string {
  return fixture.sides.length === 1 ? 'heal{t}' : ['heal{b}', 'heal{c}', 'heal{a}'][shard]
}

function errorOf(reply: Reply): string {
  return reply !== null && typeof reply === 'object' && 'error' in reply ? reply.error : ''
}

/** What is stored and not expired. */
function contentsAt(fixture: ShardFixture): Map<string, string> {
  return withoutExpired(new Map(fixture.contents()), fixture.clock.nowMs)
}

function withoutExpired(contents: Map<string, string>, nowMs: number): Map<string, string> {
  const kept = new Map<string, string>()
  for (const [key, text] of contents) {
    const expiryMs = Number(text.slice(text.lastIndexOf('@') + 1))
    if (!(expiryMs <= nowMs) || expiryMs < 0) kept.set(key, text)
  }
  return kept
}

function differenceOf(found: Map<string, string>, wanted: Map<string, string>): string {
  for (const key of new Set([...found.keys(), ...wanted.keys()])) {
    const [left, right] = [found.get(key), wanted.get(key)]
    if (left !== right) return `${shown(key)}: ${shown(left)} instead of ${shown(right)}`
  }
  return ''
}

function shown(text: string | undefined): string {
  if (text === undefined) return 'nothing'
  return text.length > 300 ? `${text.slice(0, 200)}…${text.slice(-60)} (${text.length})` : text
}

/** The reply as text; where there is no order, in order. */
function plain(words: readonly string[], reply: Reply): string {
  // Of elements of equal weight LIMIT takes any.
  if (words[0].startsWith('sort') && words.includes('BY') && Array.isArray(reply)) {
    return `${reply.length} elements`
  }
  return UNORDERED.test(words[0]) ? JSON.stringify(ordered(words[0], reply)) : JSON.stringify(reply)
}

function ordered(name: string, reply: Reply): unknown {
  if (reply === null || typeof reply !== 'object') return reply
  if (Array.isArray(reply)) return inOrder(name === 'hgetall' ? pairsOf(reply) : reply)
  if ('set' in reply) return inOrder(reply.set)
  return 'map' in reply ? inOrder(reply.map) : reply
}

function inOrder(items: readonly unknown[]): string[] {
  return items.map((item) => JSON.stringify(item)).sort()
}

function pairsOf(items: readonly Reply[]): Reply[][] {
  return items.flatMap((item, at) => (at % 2 === 0 ? [[item, items[at + 1]]] : []))
}

t.test('random commands beside failures', async (t) => {
  let passed = 0
  for (let run = 0; run < RUNS; run++) if (new Run(t, SEED + run).run()) passed++
  t.comment(`figure runs ${RUNS} of ${STEPS} commands, seed ${SEED}`)
  t.equal(passed, RUNS)
})
