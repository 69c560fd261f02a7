// What a key holds, as text that two equal values share whatever their encoding.

import type { Arena } from '../../src/memory/arena.ts'
import { entryType, entryValueLength } from '../../src/memory/entry.ts'
import { HashWalk } from '../../src/memory/hash.ts'
import { TYPE_HASH, TYPE_LIST, TYPE_SET, TYPE_STRING, TYPE_ZSET } from '../../src/memory/layout.ts'
import { visitList } from '../../src/memory/list-place.ts'
import { SetWalk } from '../../src/memory/set.ts'
import { span } from '../../src/memory/span.ts'
import { copyValueOut } from '../../src/memory/value.ts'
import { ZsetWalk } from '../../src/memory/zset.ts'

/** By type; a type without a row is shown as what it is. */
const TEXTS: ReadonlyMap<number, (arena: Arena, entry: number) => string> = new Map([
  [TYPE_STRING, stringText],
  [TYPE_LIST, listText],
  [TYPE_HASH, hashText],
  [TYPE_SET, setText],
  [TYPE_ZSET, zsetText],
])

export function valueText(arena: Arena, entry: number): string {
  const type = entryType(arena, entry)
  return TEXTS.get(type)?.(arena, entry) ?? `type ${type}`
}

/** The bytes that `span` shows. */
export function spanText(): string {
  const { bytes, start, length } = span
  return Buffer.from(bytes.slice(start, start + length)).toString('latin1')
}

function stringText(arena: Arena, entry: number): string {
  const value = Buffer.alloc(entryValueLength(arena, entry))
  copyValueOut(arena, entry, 0, value.length, value, 0)
  return value.toString('latin1')
}

function listText(arena: Arena, entry: number): string {
  const elements: string[] = []
  visitList(arena, entry, () => elements.push(JSON.stringify(spanText())))
  return `list [${elements.join(', ')}]`
}

function hashText(arena: Arena, entry: number): string {
  const walk = new HashWalk()
  const pairs: string[] = []
  walk.begin(arena, entry)
  while (walk.next()) {
    walk.showField()
    const field = spanText()
    walk.showValue()
    pairs.push(`${JSON.stringify(field)}: ${JSON.stringify(spanText())}`)
  }
  return `hash {${pairs.sort().join(', ')}}`
}

function setText(arena: Arena, entry: number): string {
  const walk = new SetWalk()
  const members: string[] = []
  walk.begin(arena, entry)
  while (walk.next()) {
    walk.showMember()
    members.push(JSON.stringify(spanText()))
  }
  return `set {${members.sort().join(', ')}}`
}

function zsetText(arena: Arena, entry: number): string {
  const walk = new ZsetWalk()
  const pairs: string[] = []
  walk.begin(arena, entry)
  while (walk.next()) {
    const score = walk.score()
    walk.showMember()
    pairs.push(`${score} ${JSON.stringify(spanText())}`)
  }
  return `zset [${pairs.join(', ')}]`
}
