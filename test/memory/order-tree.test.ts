// The ordered tree against a sorted array: inserts, moves and removals of any kind, ranks, bounds
// and walks, and the checker of the whole arena behind it, which is tried on planted defects too.

import fc from 'fast-check'
import t from 'tap'
import { SeededRandom } from '../../src/base/random.ts'
import type { Arena } from '../../src/memory/arena.ts'
import { checkArena } from '../../src/memory/checker.ts'
import { createDictionary } from '../../src/memory/dictionary.ts'
import { elementFind } from '../../src/memory/element.ts'
import {
  KIND_ZSET,
  ORDER_LEFT_WORD,
  ORDER_SCORE_DOUBLE,
  ORDER_SIZE_WORD,
  SEGMENT_SHIFT,
  UNIT_MASK,
} from '../../src/memory/layout.ts'
import {
  leftOf,
  orderAt,
  orderCountBelow,
  orderCountBelowMember,
  orderRank,
  orderScore,
  orderTop,
  rightOf,
} from '../../src/memory/order-tree.ts'
import { OrderWalk } from '../../src/memory/order-walk.ts'
import { span } from '../../src/memory/span.ts'
import { addMember, changeScore, removeMember, showMember } from '../../src/memory/zset.ts'
import { KIB, MIB, makeArena } from './support.ts'

const RUNS = process.env.CKV_TEST_LONG === undefined ? 25 : 1500
const encoder = new TextEncoder()

class Model {
  readonly arena: Arena
  readonly root: number
  readonly scores = new Map<string, number>()

  constructor(arena: Arena) {
    this.arena = arena
    this.root = createDictionary(arena, KIND_ZSET)
  }

  #hash(name: string): number {
    return Math.imul(name.length * 31 + name.charCodeAt(name.length - 1), 0x9e3779b1) | 0
  }

  find(name: string): number {
    const key = encoder.encode(name)
    return elementFind(this.arena, this.root, this.#hash(name), key, 0, key.length)
  }

  set(name: string, score: number): boolean {
    const key = encoder.encode(name)
    const found = this.find(name)
    if (found !== 0) {
      changeScore(this.arena, this.root, found, score)
    } else if (
      addMember(this.arena, this.root, this.#hash(name), key, 0, key.length, score) === 0
    ) {
      return false
    }
    this.scores.set(name, score)
    return true
  }

  remove(name: string): void {
    const found = this.find(name)
    if ((found !== 0) !== this.scores.delete(name)) throw new Error(`presence of ${name}`)
    if (found !== 0) removeMember(this.arena, this.root, found)
  }

  sorted(): [string, number][] {
    return [...this.scores].sort(
      (left, right) => left[1] - right[1] || (left[0] < right[0] ? -1 : Number(left[0] > right[0])),
    )
  }

  nameOf(element: number): string {
    showMember(this.arena, element)
    return Buffer.from(span.bytes.slice(span.start, span.start + span.length)).toString('latin1')
  }

  walk(rank: number, backwards: boolean): [string, number][] {
    const { arena } = this
    const walk = new OrderWalk()
    const found: [string, number][] = []
    let element = walk.begin(arena, this.root, rank, backwards)
    for (; element !== 0; element = walk.next()) {
      found.push([this.nameOf(element), orderScore(arena, element)])
    }
    return found
  }

  findings(): string[] {
    return checkArena(this.arena, { dictionaries: [this.root] })
  }

  /** Compares everything. */
  verify(): void {
    const { arena, root } = this
    const sorted = this.sorted()
    const text = JSON.stringify(sorted)
    if (JSON.stringify(this.walk(0, false)) !== text) throw new Error('forwards')
    if (JSON.stringify(this.walk(sorted.length - 1, true).reverse()) !== text) {
      throw new Error('backwards')
    }
    for (const [rank, [name]] of sorted.entries()) {
      if (orderRank(arena, root, this.find(name)) !== rank) throw new Error(`rank of ${name}`)
      if (orderAt(arena, root, rank) !== this.find(name)) throw new Error(`at ${rank}`)
    }
    if (orderAt(arena, root, sorted.length) !== 0) throw new Error('behind the last')
    const findings = this.findings()
    if (findings.length > 0) throw new Error(findings.join('\n'))
  }
}

const score = fc.oneof(
  fc.integer({ min: -5, max: 5 }),
  fc.double({ noNaN: true }),
  fc.constantFrom(Infinity, -Infinity, 0.1, 1e300),
)
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ name: fc.integer({ min: 0, max: 150 }), score }) },
  { weight: 4, arbitrary: fc.record({ remove: fc.integer({ min: 0, max: 150 }) }) },
)

t.test('random changes', async () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 400, size: 'max' }), fc.nat(), (steps, seed) => {
      const model = new Model(makeArena(48 * KIB, 40 * KIB, 96 * KIB))
      for (const current of steps) {
        if ('remove' in current) model.remove(`m${current.remove}`)
        else model.set(`m${current.name}`, current.score)
      }
      model.verify()
      const size = model.scores.size
      const rank = size === 0 ? 0 : seed % size
      const sorted = model.sorted()
      if (JSON.stringify(model.walk(rank, false)) !== JSON.stringify(sorted.slice(rank))) {
        throw new Error(`from ${rank}`)
      }
      const back = sorted.slice(0, rank + 1).reverse()
      if (size > 0 && JSON.stringify(model.walk(rank, true)) !== JSON.stringify(back)) {
        throw new Error(`back from ${rank}`)
      }
      for (const bound of [-Infinity, -5, 0, 0.5, 3, Infinity, ...sorted.map((pair) => pair[1])]) {
        for (const orEqual of [false, true]) {
          const wanted = sorted.filter(
            ([, own]) => own < bound || (orEqual && own === bound),
          ).length
          if (orderCountBelow(model.arena, model.root, bound, orEqual) !== wanted) {
            throw new Error(`below ${bound}`)
          }
        }
      }
    }),
    { numRuns: RUNS, seed: 11 },
  )
})

t.test('members of one score are ordered by their bytes', async (t) => {
  const model = new Model(makeArena(1 * MIB))
  const names = [
    '',
    'a',
    'aa',
    'ab',
    'b',
    'B',
    'x'.repeat(40),
    `${'x'.repeat(40)}y`,
    'x'.repeat(39),
  ]
  for (const name of names) model.set(name, 7)
  model.verify()
  const sorted = [...names].sort()
  for (const bound of [...names, 'A', 'aaa', 'zz', 'x'.repeat(50)]) {
    const bytes = encoder.encode(bound)
    const count = (orEqual: boolean): number =>
      orderCountBelowMember(model.arena, model.root, bytes, 0, bytes.length, orEqual)
    t.equal(count(false), sorted.filter((name) => name < bound).length, `below ${bound}`)
    t.equal(count(true), sorted.filter((name) => name <= bound).length, `up to ${bound}`)
  }
})

/** Longest way from the top down. */
function height(arena: Arena, node: number): number {
  if (node === 0) return 0
  return 1 + Math.max(height(arena, leftOf(arena, node)), height(arena, rightOf(arena, node)))
}

t.test(
  'ascending, descending and random inserts stay low; taking all out again works',
  async (t) => {
    const count = 8000
    const random = new SeededRandom(5)
    for (const order of ['ascending', 'descending', 'random']) {
      const model = new Model(makeArena(16 * MIB))
      for (let index = 0; index < count; index++) {
        const score =
          order === 'random' ? random.below(1000) : order === 'ascending' ? index : -index
        model.set(`${index}`, score)
      }
      const found = height(model.arena, orderTop(model.arena, model.root))
      t.ok(found <= 2.41 * Math.log2(count + 1), `${order}: height ${found}`)
      model.verify()
      while (model.scores.size > 100) {
        const element = orderAt(model.arena, model.root, random.below(model.scores.size))
        model.remove(model.nameOf(element))
      }
      model.verify()
      for (const name of [...model.scores.keys()]) model.remove(name)
      t.equal(orderTop(model.arena, model.root), 0)
      t.same(model.findings(), [])
    }
  },
)

t.test('the checker finds planted defects', async (t) => {
  const defects: [string, RegExp, (arena: Arena, element: number) => void][] = [
    [
      'a score out of order',
      /order/,
      (arena, element) => {
        arena.doubles[element >>> SEGMENT_SHIFT][(element & UNIT_MASK) + ORDER_SCORE_DOUBLE] = 1e9
      },
    ],
    [
      'a wrong size',
      /size/,
      (arena, element) => {
        arena.words[element >>> SEGMENT_SHIFT][((element & UNIT_MASK) << 1) + ORDER_SIZE_WORD]++
      },
    ],
    [
      'a lost subtree',
      /tree/,
      (arena, element) => {
        arena.words[element >>> SEGMENT_SHIFT][((element & UNIT_MASK) << 1) + ORDER_LEFT_WORD] = 0
      },
    ],
    [
      'a circle',
      /tree/,
      (arena, element) => {
        arena.words[element >>> SEGMENT_SHIFT][((element & UNIT_MASK) << 1) + ORDER_LEFT_WORD] =
          element
      },
    ],
    [
      'a score that is no number',
      /NaN/,
      (arena, element) => {
        const at = (element & UNIT_MASK) + ORDER_SCORE_DOUBLE
        arena.doubles[element >>> SEGMENT_SHIFT][at] = Number.NaN
      },
    ],
  ]
  for (const [name, wanted, plant] of defects) {
    const model = new Model(makeArena(1 * MIB))
    for (let index = 0; index < 50; index++) model.set(`${index}`, index)
    t.same(model.findings(), [])
    plant(model.arena, orderTop(model.arena, model.root))
    t.match(model.findings().join('\n'), wanted, name)
  }
})
