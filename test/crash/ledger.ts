// What one connection asked for, what was acknowledged, and whether a recovered server agrees.
//
// Every key belongs to one connection, so its order of commands is that connection's order. A shard
// recovers right if its keys look as after the first `cut` commands that touched it, for some
// `cut` that covers all acknowledged ones:
//
//   commands of this connection on shard 2   SET a 1 | INCR n | APPEND a :2 | DEL n | SET a 3
//   acknowledged                             ────────────────────────────→|
//   recovered a = "1:2", n missing           fits cut 4: right.  a = "3", n = 1: fits no cut: wrong

import type { Random } from '../../src/base/random.ts'
import type { Reply } from '../support/resp.ts'

export interface KeyState {
  value: string | null
  /** Absolute ms, -1 without. */
  expiresAtMs: number
}

export type States = Map<string, KeyState>

export interface Command {
  words: string[]
  keys: string[]
  /** Changes the state of one of its keys. */
  apply(state: KeyState, key: string): void
  /** The reply that the state before it asks for. */
  wantedReply(states: States): Reply
}

const PLAIN_KEYS = 6
const COUNTERS = 3
/** All written by every MSET of the connection, so that they must always be equal. */
const GROUP_KEYS = 6
/** The same for its transactions: two MSETs with a half each. */
const UNIT_KEYS = 6
const FAR_FUTURE_MS = 4_102_444_800_000
const OK = { simple: 'OK' }
const QUEUED = { simple: 'QUEUED' }

export class Ledger {
  readonly commands: Command[] = []
  acknowledgedCount = 0
  readonly plainKeys: string[]
  readonly counterKeys: string[]
  readonly groupKeys: string[]
  readonly unitKeys: string[]
  /** Counts the transactions. */
  readonly unitCounter: string
  /** What is left of a transaction that was begun. */
  readonly #pending: Command[] = []
  readonly #random: Random
  readonly #mark: string

  /** `round` makes values of different rounds differ. */
  constructor(connection: number, round: number, random: Random) {
    const names = (kind: string, count: number): string[] =>
      Array.from({ length: count }, (_, index) => `c${connection}-${kind}${index}`)
    this.plainKeys = names('plain', PLAIN_KEYS)
    this.counterKeys = names('counter', COUNTERS)
    this.groupKeys = names('group', GROUP_KEYS)
    this.unitKeys = names('unit', UNIT_KEYS)
    this.unitCounter = `c${connection}-units`
    this.#random = random
    this.#mark = `${round}.${connection}`
  }

  get keys(): string[] {
    const ofUnits = [...this.unitKeys, this.unitCounter]
    return [...this.plainKeys, ...this.counterKeys, ...this.groupKeys, ...ofUnits]
  }

  /** The next command of the load; it is in the books from now on. */
  issue(): Command {
    const command = this.#pending.shift() ?? this.#any(`${this.#mark}.${this.commands.length}`)
    this.commands.push(command)
    return command
  }

  #any(unique: string): Command {
    const plain = this.plainKeys[this.#random.below(PLAIN_KEYS)]
    const counter = this.counterKeys[this.#random.below(COUNTERS)]
    switch (this.#random.below(9)) {
      case 0:
      case 1:
        return setCommand(plain, unique)
      case 2:
      case 3:
        return appendCommand(plain, `:${unique}`)
      case 4:
        return countCommand(counter)
      case 5:
        return deleteCommand(this.#random.below(4) === 0 ? counter : plain)
      case 6:
        return expireCommand(plain, FAR_FUTURE_MS + this.commands.length)
      case 7:
        return this.#transaction(unique)
      default:
        return setAllCommand(this.groupKeys, unique)
    }
  }

  /** MULTI, with the rest of it pending. All that it does, it does at EXEC. */
  #transaction(value: string): Command {
    const { unitKeys, unitCounter } = this
    const half = UNIT_KEYS / 2
    const setAll = (keys: string[]): string[] => ['MSET', ...keys.flatMap((key) => [key, value])]
    const queued = [
      setAll(unitKeys.slice(0, half)),
      ['INCR', unitCounter],
      setAll(unitKeys.slice(half)),
    ]
    const count = (state: KeyState | undefined): number => Number(state?.value ?? '0') + 1
    this.#pending.push(...queued.map((words) => replyOnly(words, QUEUED)), {
      words: ['EXEC'],
      keys: [...unitKeys, unitCounter],
      apply: (state, key) => {
        state.value = key === unitCounter ? String(count(state)) : value
      },
      wantedReply: (states) => [OK, count(states.get(unitCounter)), OK],
    })
    return replyOnly(['MULTI'], OK)
  }
}

function replyOnly(words: string[], reply: Reply): Command {
  return { words, keys: [], apply: () => {}, wantedReply: () => reply }
}

function setCommand(key: string, value: string): Command {
  return {
    words: ['SET', key, value],
    keys: [key],
    apply: (state) => Object.assign(state, { value, expiresAtMs: -1 }),
    wantedReply: () => OK,
  }
}

function setAllCommand(keys: string[], value: string): Command {
  return {
    words: ['MSET', ...keys.flatMap((key) => [key, value])],
    keys,
    apply: (state) => Object.assign(state, { value, expiresAtMs: -1 }),
    wantedReply: () => OK,
  }
}

function appendCommand(key: string, tail: string): Command {
  return {
    words: ['APPEND', key, tail],
    keys: [key],
    apply: (state) => {
      state.value = (state.value ?? '') + tail
    },
    wantedReply: (states) => (states.get(key)?.value ?? '').length + tail.length,
  }
}

function countCommand(key: string): Command {
  return {
    words: ['INCR', key],
    keys: [key],
    apply: (state) => {
      state.value = String(Number(state.value ?? '0') + 1)
    },
    wantedReply: (states) => Number(states.get(key)?.value ?? '0') + 1,
  }
}

function deleteCommand(key: string): Command {
  return {
    words: ['DEL', key],
    keys: [key],
    apply: (state) => Object.assign(state, { value: null, expiresAtMs: -1 }),
    wantedReply: (states) => (states.get(key)?.value == null ? 0 : 1),
  }
}

function expireCommand(key: string, atMs: number): Command {
  return {
    words: ['PEXPIREAT', key, String(atMs)],
    keys: [key],
    apply: (state) => {
      if (state.value !== null) state.expiresAtMs = atMs
    },
    wantedReply: (states) => (states.get(key)?.value == null ? 0 : 1),
  }
}

function copyOf(states: States): States {
  return new Map([...states].map(([key, state]) => [key, { ...state }]))
}

function applyTo(states: States, command: Command, keys: ReadonlySet<string>): void {
  for (const key of command.keys) {
    const state = states.get(key)
    if (state !== undefined && keys.has(key)) command.apply(state, key)
  }
}

/** Replies that were not what the commands before them ask for. */
export function wrongReplies(ledger: Ledger, before: States, replies: readonly Reply[]): string[] {
  const states = copyOf(before)
  const all = new Set(states.keys())
  const wrong: string[] = []
  replies.forEach((reply, index) => {
    const command = ledger.commands[index]
    const wanted = JSON.stringify(command.wantedReply(states))
    const given = JSON.stringify(reply)
    if (wanted !== given) wrong.push(`${command.words.join(' ')} → ${given}, wanted ${wanted}`)
    applyTo(states, command, all)
  })
  return wrong
}

/**
 * What the recovered server has wrong for this connection.
 * @param shardOf the shard that owns a key
 */
export function recoveryProblems(
  ledger: Ledger,
  before: States,
  recovered: States,
  shardOf: (key: string) => number,
): string[] {
  const problems = groupProblems(ledger, recovered)
  const shards = new Set(ledger.keys.map(shardOf))
  for (const shard of shards) {
    const keys = new Set(ledger.keys.filter((key) => shardOf(key) === shard))
    const problem = shardProblem(ledger, keys, before, recovered)
    if (problem !== undefined) problems.push(`shard ${shard}: ${problem}`)
  }
  return problems
}

function groupProblems(ledger: Ledger, recovered: States): string[] {
  return [ledger.groupKeys, ledger.unitKeys].flatMap((keys, index) => {
    const values = keys.map((key) => recovered.get(key)?.value ?? null)
    const isWhole = values.every((value) => value === values[0])
    const what = index === 0 ? 'an MSET' : 'a transaction'
    return isWhole ? [] : [`${what} was torn: ${JSON.stringify(values)}`]
  })
}

function shardProblem(
  ledger: Ledger,
  keys: ReadonlySet<string>,
  before: States,
  recovered: States,
): string | undefined {
  const states = copyOf(before)
  let nearest = ''
  for (let done = 0; done <= ledger.commands.length; done++) {
    if (done >= ledger.acknowledgedCount) {
      const different = [...keys].filter((key) => !sameState(states.get(key), recovered.get(key)))
      if (different.length === 0) return undefined
      if (nearest === '') nearest = describe(different, states, recovered)
    }
    if (done < ledger.commands.length) applyTo(states, ledger.commands[done], keys)
  }
  return `fits no prefix; after the acknowledged commands ${nearest}`
}

function sameState(left: KeyState | undefined, right: KeyState | undefined): boolean {
  return left?.value === right?.value && left?.expiresAtMs === right?.expiresAtMs
}

function describe(keys: string[], wanted: States, found: States): string {
  return keys
    .map((key) => {
      const [want, have] = [wanted.get(key), found.get(key)].map((state) => JSON.stringify(state))
      return `${key} should be ${want?.slice(-120)}, is ${have?.slice(-120)}`
    })
    .join('; ')
}
