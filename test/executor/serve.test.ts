// Acceptors, workers and everything between them in one thread, with the smallest rings and a pool
// of a few chunks: who goes next is a matter of the seed, sleep is real (nobody moves who was not
// rung for). Every command is answered once, in the order of its connection, as a Map says; nobody
// spins when the acceptors are away; nothing stays behind.

import t, { type Test } from 'tap'
import { SeededRandom } from '../../src/base/random.ts'
import { hasReplyRoom } from '../../src/ring/replies.ts'
import { ACCEPTORS, Instance, SHARDS, WORKERS } from './instance.ts'
import { TestAcceptor, type Traffic } from './test-acceptor.ts'

const LONG = process.env.CKV_TEST_LONG === '1'
const ROUNDS = LONG ? 400 : 40
const STEPS_PER_ROUND = 120
/** While the acceptors look at no replies: enough to fill every ring. */
const STEPS_AWAY = 600
/** Turns that workers may take alone until all sleep: far more than there are rings. */
const TURNS_ALONE_MAX = 100
const SETTLE_STEPS_MAX = 5000

interface Run {
  readonly name: string
  readonly ringBytes: number
  readonly poolChunks: number
  readonly start: number
  readonly traffic: Traffic
  /** Writes fail now and then. */
  readonly diskFails: boolean
}

const TINY = { clients: 60, inFlightMax: 200, sizes: 'tiny' } as const
const SMALL = { clients: 12, inFlightMax: 100, sizes: { largeEvery: 60 } }
const LARGEST = { clients: 6, inFlightMax: 40, sizes: { largeEvery: 2 } }
const LARGE = { clients: 6, inFlightMax: 40, sizes: { largeEvery: 6 } }
const RUNS: Run[] = [
  { name: 'tiny', ringBytes: 8192, poolChunks: 8, start: 0, traffic: TINY, diskFails: false },
  {
    name: 'tiny, a failing disk',
    ringBytes: 8192,
    poolChunks: 8,
    start: -0x8000,
    traffic: TINY,
    diskFails: true,
  },
  { name: 'small', ringBytes: 8192, poolChunks: 9, start: 0, traffic: SMALL, diskFails: false },
  {
    name: 'small, over 2^31',
    ringBytes: 16_384,
    poolChunks: 9,
    start: 0x7fff_8000,
    traffic: SMALL,
    diskFails: false,
  },
  {
    name: 'large, over 2^32',
    ringBytes: 16_384,
    poolChunks: 16,
    start: -0x8000,
    traffic: LARGE,
    diskFails: false,
  },
  {
    name: 'parts that fit the rings',
    ringBytes: 1_048_576,
    poolChunks: 8,
    start: 0,
    traffic: LARGEST,
    diskFails: false,
  },
  {
    name: 'a failing disk',
    ringBytes: 8192,
    poolChunks: 9,
    start: 0,
    traffic: SMALL,
    diskFails: true,
  },
]

class Play {
  readonly instance: Instance
  readonly acceptors: TestAcceptor[]
  readonly #random: SeededRandom
  readonly #run: Run
  /** Acceptors look at no replies in this round: the rings fill up. */
  away = false
  backlogged = 0

  constructor(run: Run, seed: number) {
    this.#run = run
    this.#random = new SeededRandom(seed)
    this.instance = new Instance(run)
    this.acceptors = Array.from(
      { length: ACCEPTORS },
      (_, index) => new TestAcceptor(this.instance, index, this.#random, run.traffic),
    )
  }

  /** Somebody does something. */
  step(): void {
    const random = this.#random
    const acceptor = this.acceptors[random.below(ACCEPTORS)]
    const dice = random.below(21)
    this.instance.clock.advance(random.below(3) / 4)
    const placed = this.acceptors.some(({ executor }) => executor.heldCount > 0)
    if (dice < 9) acceptor.send(!placed)
    else if (dice < 12) {
      if (!this.away) acceptor.drain()
    } else if (dice < 18) this.#work(random.below(WORKERS))
    else if (dice === 18) this.#place(acceptor)
    else if (dice === 20) this.drainBacklogs()
    else if (this.#run.diskFails) this.#breakDisk()
  }

  #work(index: number): void {
    const worker = this.instance.workers[index]
    worker.step()
    if (!worker.backlog.isEmpty()) this.backlogged++
  }

  /** Takes a token in place and gives it back some steps later. One thread: nobody may wait. */
  #place({ executor }: TestAcceptor): void {
    if (executor.heldCount > 0) this.#giveBack()
    else if (!this.#mayBeWaitedFor()) {
      executor.tryHold(this.#random.below(SHARDS))
    }
  }

  /** A worker waits for tokens with a command over several shards, or to write such a one again. */
  #mayBeWaitedFor(): boolean {
    if (this.acceptors.some((each) => each.hasSeveralInFlight())) return true
    return this.instance.isGroupPending()
  }

  #giveBack(): void {
    for (const acceptor of this.acceptors) acceptor.giveBack()
  }

  /** What timers do: nobody rings for them. */
  drainBacklogs(): void {
    for (const acceptor of this.acceptors) {
      if (!acceptor.backlog.isEmpty()) acceptor.drainBacklog()
    }
  }

  #breakDisk(): void {
    const fails = this.#random.below(3) === 0
    this.instance.files.fault = (operation) => (fails && operation === 'write' ? 'ENOSPC' : '')
  }

  /** Acceptors are away: workers serve what they can, then sleep. Returns the turns taken. */
  workAlone(): number {
    for (let turn = 0; turn < TURNS_ALONE_MAX; turn++) {
      if (!this.instance.workers.map((worker) => worker.step()).includes(true)) return turn
    }
    return TURNS_ALONE_MAX
  }

  /** Nothing new: everything is answered, by those who are rung for. */
  settle(): boolean {
    this.#giveBack()
    this.instance.files.fault = () => ''
    for (let step = 0; step < SETTLE_STEPS_MAX; step++) {
      if (this.acceptors.every((acceptor) => acceptor.isIdle())) return true
      this.instance.clock.advance(1)
      // Nothing is sent as long as something is in flight: what waits is not woken by others.
      const quiet = this.acceptors.every((acceptor) => acceptor.inFlight() === 0)
      for (const acceptor of this.acceptors) {
        acceptor.drain()
        if (quiet) acceptor.retry()
      }
      this.drainBacklogs()
      for (let index = 0; index < WORKERS; index++) this.#work(index)
    }
    return false
  }

  /** How many reply rings have no room for another batch. */
  fullRings(): number {
    let full = 0
    for (let acceptor = 0; acceptor < ACCEPTORS; acceptor++) {
      for (let shard = 0; shard < SHARDS; shard++) {
        if (!hasReplyRoom(this.instance.replyRing(acceptor, shard))) full++
      }
    }
    return full
  }

  sum(field: 'answered' | 'severalAnswered'): number {
    return this.acceptors.reduce((all, acceptor) => all + acceptor[field], 0)
  }
}

function play(t: Test, run: Run, seed: number): void {
  const play = new Play(run, seed)
  const { instance } = play
  let turnsMax = 0
  let full = 0
  for (let round = 0; round < ROUNDS; round++) {
    play.away = round % 3 === 0
    const steps = play.away ? STEPS_AWAY : STEPS_PER_ROUND
    for (let step = 0; step < steps; step++) play.step()
    for (const acceptor of play.acceptors) acceptor.publish()
    if (!play.acceptors.some(({ executor }) => executor.heldCount > 0)) {
      turnsMax = Math.max(turnsMax, play.workAlone())
      full += play.fullRings()
    }
    if (!play.settle()) {
      t.fail(`round ${round}: ${play.acceptors.map((each) => each.inFlight())} are not answered`)
      return
    }
    if (instance.pool.takenCount() !== 0) t.fail(`round ${round}: chunks are missing`)
  }
  t.ok(turnsMax < TURNS_ALONE_MAX, `workers alone sleep after ${turnsMax} turns`)
  t.same(
    instance.workers.map(({ missed }) => missed),
    [0, 0],
    'nobody slept on work',
  )
  t.same(instance.findings(), [], 'memory is sound')
  const helped = play.acceptors.reduce((all, acceptor) => all + acceptor.helped(), 0)
  t.ok(helped > 20, 'acceptors served each other')
  t.ok(play.sum('severalAnswered') > 100, 'commands over several shards were among them')
  if (run.traffic.sizes === 'tiny') t.ok(full > 10, 'reply rings were full')
  else t.ok(play.backlogged > 0, 'replies found no room')
  const counts = `${play.sum('answered')} commands, ${play.sum('severalAnswered')} over shards`
  const others = `${helped} by acceptors, ${play.backlogged} turns with a backlog, ${full} full`
  t.comment(`figure ${run.name}: ${counts}, ${others}`)
}

for (const [index, run] of RUNS.entries()) {
  t.test(run.name, async (t) => {
    const start = performance.now()
    play(t as Test, run, 700 + index)
    t.comment(`figure ${run.name}: ${Math.round(performance.now() - start)} ms`)
  })
}
