// The classes of keyspace events that --notify-keyspace-events names by letters, as bits of a word.
// [redis-7.0 notify.c]

export const NOTIFY_KEYSPACE = 1 << 0
export const NOTIFY_KEYEVENT = 1 << 1
export const NOTIFY_GENERIC = 1 << 2
export const NOTIFY_STRING = 1 << 3
export const NOTIFY_LIST = 1 << 4
export const NOTIFY_SET = 1 << 5
export const NOTIFY_HASH = 1 << 6
export const NOTIFY_ZSET = 1 << 7
export const NOTIFY_EXPIRED = 1 << 8
export const NOTIFY_EVICTED = 1 << 9
export const NOTIFY_STREAM = 1 << 10
export const NOTIFY_KEY_MISS = 1 << 11
export const NOTIFY_MODULE = 1 << 13
export const NOTIFY_NEW = 1 << 14

/** Letters that A stands for, in the order in which they are shown. */
const ORDINARY: readonly (readonly [string, number])[] = [
  ['g', NOTIFY_GENERIC],
  ['$', NOTIFY_STRING],
  ['l', NOTIFY_LIST],
  ['s', NOTIFY_SET],
  ['h', NOTIFY_HASH],
  ['z', NOTIFY_ZSET],
  ['x', NOTIFY_EXPIRED],
  ['e', NOTIFY_EVICTED],
  ['t', NOTIFY_STREAM],
  ['d', NOTIFY_MODULE],
]
const OTHERS: readonly (readonly [string, number])[] = [
  ['K', NOTIFY_KEYSPACE],
  ['E', NOTIFY_KEYEVENT],
  ['m', NOTIFY_KEY_MISS],
  ['n', NOTIFY_NEW],
]
const ALL = ORDINARY.reduce((bits, [, bit]) => bits | bit, 0)
const BITS: ReadonlyMap<string, number> = new Map([...ORDINARY, ...OTHERS, ['A', ALL]])

/** Undefined: a letter is none of them. */
export function parseNotifyFlags(letters: string): number | undefined {
  let flags = 0
  for (const letter of letters) {
    const bits = BITS.get(letter)
    if (bits === undefined) return undefined
    flags |= bits
  }
  return flags
}

/** As Redis shows it: `AKE` for `KEA` and for `KEg$lshzxetd`. */
export function showNotifyFlags(flags: number): string {
  const lettersOf = (classes: typeof ORDINARY): string =>
    classes.map(([letter, bit]) => ((flags & bit) === 0 ? '' : letter)).join('')
  return ((flags & ALL) === ALL ? 'A' : lettersOf(ORDINARY)) + lettersOf(OTHERS)
}
