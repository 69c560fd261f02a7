// What a command's row can say: flags, places, merge policies, profiles, and the row itself.
// Data only: no function of the engine is known here, so every room may read it.
//
// Rows are made once when the module loads and never changed; every row has the same shape, so a
// read of `row.flags` on the hot path stays one load.

// ── Flags ─────────────────────────────────────────────────────────────────────────────────────
/** Reads keys and changes nothing. Exactly one of READ and WRITE where a row has keys. */
export const READ = 1 << 0
/** May change data: refused while the log cannot be written, and on a read-only slave. */
export const WRITE = 1 << 1
/** Refused with -OOM when the shard is full. */
export const DENY_OOM = 1 << 2
/** Bounded work on one key: may run in place on the acceptor. */
export const FAST = 1 << 3
/** Bounded work for each argument (key, field, member): in place too, as long as there are few. */
export const FAST_PER_KEY = 1 << 4
/** Operates the server; shown as @admin. */
export const ADMIN = 1 << 5
/** Served before AUTH. */
export const NO_AUTH = 1 << 6
/** Served while the data are still being loaded. */
export const LOADING_OK = 1 << 7
/** Redis's `stale`: harmless on a replica that lost its master. Only shown. */
export const STALE = 1 << 8
/** Needs several or all shards although it names no key. */
export const KEYLESS_ALL_SHARDS = 1 << 9
/** Argument 2 is a slot number: the shard that owns the slot executes. */
export const BY_SLOT = 1 << 10
/** Keys may lie in several slots in every profile (MGET, MSET). */
export const CROSS_SLOT_OK = 1 << 11
/** Served on a RESP2 connection that has subscriptions. */
export const PUBSUB_OK = 1 << 12
/** Its result depends on its arguments and the shard's data alone: may be logged as itself. */
export const DETERMINISTIC = 1 << 13
/** Redis calls it `fast`. Only shown: FAST says what may run in place. */
export const FAST_WORD = 1 << 14
/** Redis's `noscript`. Only shown. */
export const NO_SCRIPT = 1 << 15
/** Two calls may answer differently: a tip of COMMAND. */
export const NONDETERMINISTIC = 1 << 16
/** The answer has no order: a tip of COMMAND. */
export const UNORDERED = 1 << 17
/** Runs at once although MULTI was sent; all else is queued then. */
export const NOT_QUEUED = 1 << 18
/** Registers its keys instead of reading them: shown as Redis shows WATCH, not as a read. */
export const REGISTERS = 1 << 19
/** May answer nothing and wait for its keys. */
export const BLOCKS = 1 << 25
/** Bounded work unless it has optional arguments (SPOP without a count): in place then. */
export const FAST_SHORTEST = 1 << 21
/** Behind BY and GET patterns may stand that name keys by elements: see keys.ts. */
export const PATTERN_KEYS = 1 << 20
/** Redis's `pubsub`. Only shown. */
export const PUBSUB_WORD = 1 << 24

// ── Profiles ──────────────────────────────────────────────────────────────────────────────────
/** The document's commands with Redis 3.2's replies. */
export const PROFILE_CKV = 1 << 0
/** The same replies, and what today's clients and tools need. */
export const PROFILE_EXTENDED = 1 << 1
/** As Redis 7.0. */
export const PROFILE_REDIS = 1 << 2
/** Served in every profile. */
export const EVERY_PROFILE = PROFILE_CKV | PROFILE_EXTENDED | PROFILE_REDIS
/** Not served in `ckv`: refused there or later than the document. */
export const LATER_PROFILES = PROFILE_EXTENDED | PROFILE_REDIS

export type ProfileName = 'ckv' | 'extended' | 'redis'
export const PROFILE_BITS = {
  ckv: PROFILE_CKV,
  extended: PROFILE_EXTENDED,
  redis: PROFILE_REDIS,
} as const satisfies Record<ProfileName, number>

// ── Merge policies: what becomes of a command whose keys lie on several shards ────────────────
/** Never split: it runs once, with the tokens of all its shards held. */
export const MERGE_NONE = 0
/** One element a key, in the order of the keys (MGET). */
export const MERGE_BY_KEY = 1
/** +OK when every part succeeded (MSET, FLUSHALL). */
export const MERGE_OK = 2
/** The parts' integers are added (DEL, EXISTS, DBSIZE). */
export const MERGE_SUM = 3
/** The parts' arrays are joined in any order (KEYS). */
export const MERGE_CONCAT = 4
/** One shard after another; the cursor says which (SCAN). */
export const MERGE_CURSOR = 5
/** One shard that has something answers for all (RANDOMKEY). */
export const MERGE_PICK = 6

// ── Rows ──────────────────────────────────────────────────────────────────────────────────────
/**
 * Who executes.
 *   shard       a handler that runs while the tokens of its shards are held
 *   connection  the acceptor itself, with the session; needs no token
 *   container   nobody: only its subcommands are served
 */
export type Place = 'shard' | 'connection' | 'container'

/** One range of key arguments, and what is done with those keys in Redis's words. */
export interface KeyRange {
  /** Argument index of the first key; 0 is the command's name. */
  readonly first: number
  /** Argument index of the last key; negative counts from the end (-1 is the last argument). */
  readonly last: number
  readonly step: number
  /** Redis's key flags, as `RW access update`. */
  readonly access: string
}

/** Keys behind an argument that says how many they are: ZUNION numkeys key … */
export interface CountedKeys {
  /** Argument index of the number; the first key follows it. */
  readonly counter: number
  readonly access: string
}

/** A key behind a word that may stand anywhere from an argument on: SORT … STORE key. */
export interface WordKey {
  /** In lower case. Of several words like this the last one counts. */
  readonly word: string
  /** Argument index from which on it is looked for. */
  readonly from: number
  /** Other words, in lower case, whose so many arguments are no words. */
  readonly skipped: readonly { readonly word: string; readonly args: number }[]
  readonly access: string
}

export type KeyPlace = KeyRange | CountedKeys | WordKey

export type CommandGroup =
  | 'bitmap'
  | 'cluster'
  | 'connection'
  | 'generic'
  | 'geo'
  | 'hash'
  | 'hyperloglog'
  | 'list'
  | 'pubsub'
  | 'server'
  | 'set'
  | 'sorted-set'
  | 'string'
  | 'transactions'

/** What a row says besides its name, code and place. */
export interface RowFacts {
  /** Redis 3.2's arity, the name included; negative is a least number. Holds in profile ckv. */
  readonly arity: number
  /** Redis 7.0's arity where it differs. Holds in the other profiles. */
  readonly arityLater?: number
  readonly flags: number
  /** Ranges first, one behind the other. */
  readonly keys?: readonly KeyPlace[]
  readonly merge?: number
  readonly profiles: number
  /** Redis 7.0's group, as COMMAND DOCS shows it. */
  readonly group: CommandGroup
  /** First version of Redis (of ckv for CKV) that had it. */
  readonly since: string
  readonly summary: string
  /** Arguments in the notation of command-docs.ts. */
  readonly syntax?: string
  /** ACL categories beyond those that follow from flags and group. */
  readonly categories?: string
  /** Flag words of 3.2's COMMAND where they differ from those that follow from the flags. */
  readonly words32?: string
  /** The same for 7.0's. */
  readonly words70?: string
}

/** One command or subcommand. Immutable; made only by the functions below. */
export class CommandRow<Name extends string = string, Where extends Place = Place> {
  /** Lower case; a subcommand is `container|name`. */
  readonly name: Name
  /** Append-only number: it may be on disk, so it is never reused (test/frozen/commands.json). */
  readonly code: number
  readonly place: Where
  readonly flags: number
  /** Arity in profile ckv. */
  readonly arity32: number
  /** Arity in the other profiles. */
  readonly arityLater: number
  /** Argument index of the first key that stands at a fixed place, 0 = there is none. */
  readonly firstKey: number
  /** Argument index of the last key; negative counts from the end. */
  readonly lastKey: number
  readonly keyStep: number
  /** More than one key is possible: slots have to be compared. */
  readonly multiKey: boolean
  /** Where all keys stand depends on the arguments: only findKeys (keys.ts) tells. */
  readonly movableKeys: boolean
  /** One of MERGE_…. */
  readonly merge: number
  /** Or of PROFILE_… bits. */
  readonly profiles: number
  readonly keys: readonly KeyPlace[]
  /** Those of `keys` that stand at a fixed place. */
  readonly ranges: readonly KeyRange[]
  readonly group: string
  readonly since: string
  readonly summary: string
  readonly syntax: string
  readonly categories: string
  readonly words32: string
  readonly words70: string
  /** Empty unless this is a container (or COMMAND, which is also served alone). */
  readonly subcommands: readonly CommandRow[]

  constructor(
    name: Name,
    code: number,
    place: Where,
    facts: RowFacts,
    subcommands: readonly CommandRow[],
  ) {
    const keys = facts.keys ?? []
    const ranges = keys.filter((place) => 'first' in place)
    const last = ranges.at(-1)
    this.name = name
    this.code = code
    this.place = place
    this.flags = facts.flags
    this.arity32 = facts.arity
    this.arityLater = facts.arityLater ?? facts.arity
    this.firstKey = ranges.length > 0 ? ranges[0].first : 0
    this.lastKey = last === undefined ? 0 : last.last
    this.keyStep = last === undefined ? 0 : last.step
    this.movableKeys = ranges.length < keys.length
    const byPattern = (facts.flags & PATTERN_KEYS) !== 0
    this.multiKey = this.movableKeys || byPattern || this.lastKey !== this.firstKey
    this.merge = facts.merge ?? MERGE_NONE
    this.profiles = facts.profiles
    this.keys = keys
    this.ranges = ranges
    this.group = facts.group
    this.since = facts.since
    this.summary = facts.summary
    this.syntax = facts.syntax ?? ''
    this.categories = facts.categories ?? ''
    this.words32 = facts.words32 ?? ''
    this.words70 = facts.words70 ?? ''
    this.subcommands = subcommands
  }
}

export function shardRow<Name extends string>(name: Name, code: number, facts: RowFacts) {
  return new CommandRow(name, code, 'shard', facts, [])
}

export function connectionRow<Name extends string>(
  name: Name,
  code: number,
  facts: RowFacts,
  subcommands: readonly CommandRow[] = [],
) {
  return new CommandRow(name, code, 'connection', facts, subcommands)
}

export function containerRow<Name extends string>(
  name: Name,
  code: number,
  facts: RowFacts,
  subcommands: readonly CommandRow[],
) {
  return new CommandRow(name, code, 'container', facts, subcommands)
}

/** One key at argument 1: what most commands have. */
export function oneKey(access: string): readonly KeyRange[] {
  return [{ first: 1, last: 1, step: 1, access }]
}

/** Every argument from 1 on is a key. */
export function everyKey(access: string): readonly KeyRange[] {
  return [{ first: 1, last: -1, step: 1, access }]
}

/** Keys and values alternate from argument 1 on. */
export function keyValuePairs(access: string): readonly KeyRange[] {
  return [{ first: 1, last: -1, step: 2, access }]
}

/** Argument `counter` says how many keys follow it. */
export function countedKeys(counter: number, access: string): readonly CountedKeys[] {
  return [{ counter, access }]
}
