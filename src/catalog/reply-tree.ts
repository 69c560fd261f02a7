// A cold reply as a tree of plain values. The acceptor encodes it for RESP2 or RESP3; in RESP2 a
// set is an array and a map an array of keys and values in turn.

export type ReplyTree =
  /** Null array: `*-1` in RESP2, `_` in RESP3. */
  | null
  | number
  /** Bulk string, ASCII. */
  | string
  /** Bulk string that a client sent. */
  | Uint8Array
  | SimpleText
  | ReplyList
  | ReplyMap

/** `+text`. */
export interface SimpleText {
  readonly kind: 'simple'
  readonly text: string
}

export interface ReplyList {
  readonly kind: 'array' | 'set'
  readonly items: readonly ReplyTree[]
}

export interface ReplyMap {
  readonly kind: 'map'
  readonly entries: readonly (readonly [string, ReplyTree])[]
}

export function simple(text: string): SimpleText {
  return { kind: 'simple', text }
}

export function array(items: readonly ReplyTree[]): ReplyList {
  return { kind: 'array', items }
}

export function set(items: readonly ReplyTree[]): ReplyList {
  return { kind: 'set', items }
}

export function map(entries: readonly (readonly [string, ReplyTree])[]): ReplyMap {
  return { kind: 'map', entries }
}
