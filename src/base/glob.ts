// Redis's glob patterns over bytes: * ? [a-z] [^a] and \ before a byte that is meant literally.
// [redis util.c stringmatchlen]  Any thread; KEYS and SCAN compile once and match many.
//
// A pattern is compiled to elements, each of which takes exactly one byte of the text, cut by
// stars into segments:
//
//   h?llo*[a-f]x*end      segments  "h?llo"  "[a-f]x"  "end"
//
// The first segment must stand at the start, the last one at the end, and each in between is
// looked for from where the one before ended. Leftmost is always right: a segment found earlier
// leaves more for the rest. So no choice is ever taken back, and time is bounded by the text times
// the longest segment / 32 instead of growing with the number of stars.
//
// A long segment is looked for with one bit an element (Shift-And): after each byte of the text,
// bit e of `state` says that elements 0..e match the bytes that end here.

/** Segments longer than this are looked for by bits, shorter ones element by element. */
const SCAN_ELEMENTS_MAX = 32
/** Above this the bit masks (256 rows) would take too much memory: element by element again. */
const BITS_ELEMENTS_MAX = 65_536

const STAR = 0x2a
const QUESTION = 0x3f
const OPEN_BRACKET = 0x5b
const CLOSE_BRACKET = 0x5d
const BACKSLASH = 0x5c
const CARET = 0x5e
const DASH = 0x2d
const UPPER_A = 0x41
const UPPER_Z = 0x5a
const CASE_BIT = 0x20
/** Not a byte: what stands behind the end of the pattern. */
const NO_BYTE = -1

const KIND_LITERAL = 0
const KIND_ANY = 1
const KIND_CLASS = 2
/** 256 bits. */
const CLASS_WORDS = 8

/** A compiled pattern. Fields are for the functions of this file. */
export class Glob {
  readonly ignoreCase: boolean
  elementCount = 0
  readonly kinds: Uint8Array
  /** Literal: the byte, lower-cased when the case is ignored. Class: its number. */
  readonly values: Int32Array
  classCount = 0
  classBits: Int32Array
  /** First element of each segment, and one entry behind the last. */
  readonly segments: Int32Array
  segmentCount = 1
  /** Bit masks of long segments, made when first needed. */
  masks: (Int32Array | undefined)[] = []

  constructor(patternLength: number, ignoreCase: boolean) {
    this.ignoreCase = ignoreCase
    this.kinds = new Uint8Array(patternLength)
    this.values = new Int32Array(patternLength)
    this.classBits = new Int32Array(CLASS_WORDS)
    this.segments = new Int32Array(patternLength + 2)
  }
}

export function compileGlob(
  pattern: Uint8Array,
  start: number,
  length: number,
  ignoreCase: boolean,
): Glob {
  const glob = new Glob(length, ignoreCase)
  const end = start + length
  let at = start
  while (at < end) {
    const byte = pattern[at]
    if (byte === STAR) {
      // Stars side by side are one.
      while (at < end && pattern[at] === STAR) at++
      glob.segments[glob.segmentCount++] = glob.elementCount
    } else if (byte === QUESTION) {
      addElement(glob, KIND_ANY, 0)
      at++
    } else if (byte === OPEN_BRACKET) {
      at = compileClass(glob, pattern, at + 1, end)
    } else {
      // A backslash at the very end stands for itself.
      if (byte === BACKSLASH && at + 1 < end) at++
      addElement(glob, KIND_LITERAL, ignoreCase ? lower(pattern[at]) : pattern[at])
      at++
    }
  }
  glob.segments[glob.segmentCount] = glob.elementCount
  return glob
}

/** True when the whole text matches. Allocates only bit masks, once a long segment. */
export function matchGlob(glob: Glob, text: Uint8Array, start: number, length: number): boolean {
  if (length < glob.elementCount) return false
  const segments = glob.segments
  const firstLength = segments[1]
  if (glob.segmentCount === 1) {
    return length === firstLength && matchesAt(glob, 0, firstLength, text, start)
  }
  const lastFrom = segments[glob.segmentCount - 1]
  const lastAt = start + length - (glob.elementCount - lastFrom)
  if (!matchesAt(glob, 0, firstLength, text, start)) return false
  if (!matchesAt(glob, lastFrom, glob.elementCount, text, lastAt)) return false
  let at = start + firstLength
  for (let segment = 1; segment < glob.segmentCount - 1; segment++) {
    const elements = segments[segment + 1] - segments[segment]
    at =
      elements > SCAN_ELEMENTS_MAX && elements <= BITS_ELEMENTS_MAX
        ? findByBits(glob, segment, text, at, lastAt)
        : findByElements(glob, segment, text, at, lastAt)
    if (at < 0) return false
  }
  return true
}

/** Compiles and matches once. */
export function globMatches(pattern: Uint8Array, text: Uint8Array, ignoreCase: boolean): boolean {
  const glob = compileGlob(pattern, 0, pattern.length, ignoreCase)
  return matchGlob(glob, text, 0, text.length)
}

function addElement(glob: Glob, kind: number, value: number): void {
  glob.kinds[glob.elementCount] = kind
  glob.values[glob.elementCount] = value
  glob.elementCount++
}

/**
 * Compiles what follows a '[' and returns where the pattern goes on. As in Redis: '^' first means
 * `none of these`, ranges may stand either way round, a missing ']' ends the class with the
 * pattern, and a ']' is never a member unless escaped.
 */
function compileClass(glob: Glob, pattern: Uint8Array, from: number, end: number): number {
  const bits = newClass(glob)
  const inverted = from < end && pattern[from] === CARET
  let at = inverted ? from + 1 : from
  for (;;) {
    const byte = at < end ? pattern[at] : NO_BYTE
    if (byte === BACKSLASH && at + 1 < end) {
      // An escaped member keeps its case even when the case is ignored. [redis util.c]
      setBit(glob.classBits, bits, pattern[at + 1])
      at += 2
    } else if (byte === CLOSE_BRACKET || byte === NO_BYTE) {
      break
    } else if (at + 2 < end && pattern[at + 1] === DASH) {
      addRange(glob, bits, byte, pattern[at + 2])
      at += 3
    } else {
      addRange(glob, bits, byte, byte)
      at++
    }
  }
  if (inverted) {
    for (let word = 0; word < CLASS_WORDS; word++) glob.classBits[bits + word] ^= -1
  }
  addElement(glob, KIND_CLASS, bits)
  return at < end ? at + 1 : at
}

/** Index of the new class's first word. */
function newClass(glob: Glob): number {
  const bits = glob.classCount * CLASS_WORDS
  glob.classCount++
  if (bits + CLASS_WORDS > glob.classBits.length) {
    const larger = new Int32Array(glob.classBits.length * 2)
    larger.set(glob.classBits)
    glob.classBits = larger
  }
  return bits
}

/**
 * Adds the bytes between two, whichever comes first. Redis compares them as signed chars, so a
 * range that goes beyond 127 runs the other way round: [a-\xff] is \xff, \0 and on up to 'a'.
 */
function addRange(glob: Glob, bits: number, one: number, other: number): void {
  const from = Math.min(signed(one), signed(other))
  const to = Math.max(signed(one), signed(other))
  if (!glob.ignoreCase) {
    for (let byte = from; byte <= to; byte++) setBit(glob.classBits, bits, byte & 0xff)
    return
  }
  // Both ends and the byte of the text are lower-cased before they are compared.
  for (let byte = 0; byte < 256; byte++) {
    const folded = signed(lower(byte))
    if (folded >= lower(from) && folded <= lower(to)) setBit(glob.classBits, bits, byte)
  }
}

function signed(byte: number): number {
  return (byte << 24) >> 24
}

function setBit(words: Int32Array, base: number, bit: number): void {
  words[base + (bit >>> 5)] |= 1 << (bit & 31)
}

function lower(byte: number): number {
  return byte >= UPPER_A && byte <= UPPER_Z ? byte | CASE_BIT : byte
}

function elementTakes(glob: Glob, element: number, byte: number): boolean {
  const value = glob.values[element]
  switch (glob.kinds[element]) {
    case KIND_LITERAL:
      return (glob.ignoreCase ? lower(byte) : byte) === value
    case KIND_ANY:
      return true
    default:
      return ((glob.classBits[value + (byte >>> 5)] >>> (byte & 31)) & 1) === 1
  }
}

/** Do the elements [from, to) match the text from `at` on? The text is known to be long enough. */
function matchesAt(glob: Glob, from: number, to: number, text: Uint8Array, at: number): boolean {
  for (let element = from; element < to; element++) {
    if (!elementTakes(glob, element, text[at + element - from])) return false
  }
  return true
}

/** Where the text goes on behind the leftmost place of the segment in [at, end), or -1. */
function findByElements(
  glob: Glob,
  segment: number,
  text: Uint8Array,
  at: number,
  end: number,
): number {
  const from = glob.segments[segment]
  const to = glob.segments[segment + 1]
  for (let place = at; place <= end - (to - from); place++) {
    if (matchesAt(glob, from, to, text, place)) return place + to - from
  }
  return -1
}

/** The same by Shift-And: 32 elements a step. */
function findByBits(
  glob: Glob,
  segment: number,
  text: Uint8Array,
  at: number,
  end: number,
): number {
  const elements = glob.segments[segment + 1] - glob.segments[segment]
  if (end - at < elements) return -1
  glob.masks[segment] ??= segmentMasks(glob, segment)
  const masks = glob.masks[segment]
  const words = (elements + 31) >>> 5
  const state = new Int32Array(words)
  const lastBit = 1 << ((elements - 1) & 31)
  for (let place = at; place < end; place++) {
    const row = text[place] * words
    let carry = 1
    for (let word = 0; word < words; word++) {
      const shifted = (state[word] << 1) | carry
      carry = state[word] >>> 31
      state[word] = shifted & masks[row + word]
    }
    if ((state[words - 1] & lastBit) !== 0) return place + 1
  }
  return -1
}

/** For each of the 256 bytes one bit an element: does the element take it? */
function segmentMasks(glob: Glob, segment: number): Int32Array {
  const from = glob.segments[segment]
  const elements = glob.segments[segment + 1] - from
  const words = (elements + 31) >>> 5
  const masks = new Int32Array(256 * words)
  for (let byte = 0; byte < 256; byte++) {
    for (let element = 0; element < elements; element++) {
      if (elementTakes(glob, from + element, byte)) setBit(masks, byte * words, element)
    }
  }
  return masks
}
