// The list of members that commands collect: against a Set, also after it was large.

import t from 'tap'
import { SeededRandom } from '../../src/base/random.ts'
import { MemberList } from '../../src/command/member-list.ts'

/** Of few bits where that costs little, so that members meet in the table. */
let hashBits = 0

function hashOf(text: string): number {
  let hash = 0
  for (const letter of text) hash = (Math.imul(hash, 0x9e37_79b1) + letter.charCodeAt(0)) | 0
  return (hash ^ (hash >>> 15)) & hashBits
}

function addTo(list: MemberList, text: string): boolean {
  const bytes = Buffer.from(`..${text}.`)
  return list.add(hashOf(text), bytes, 2, text.length)
}

function has(list: MemberList, text: string): boolean {
  return list.has(hashOf(text), Buffer.from(text), 0, text.length)
}

t.test('each member once, in the order they came', async (t) => {
  const random = new SeededRandom(11)
  const list = new MemberList()
  for (const rounds of [0, 1, 30, 5000, 3, 80_000, 100, 0, 2]) {
    list.clear()
    hashBits = rounds < 1000 ? 0x8000_0007 : -1
    const model = new Set<string>()
    for (let round = 0; round < rounds; round++) {
      const text = `${'x'.repeat(random.below(30))}${random.below(1 + (rounds >> 1))}`
      if (addTo(list, text) === model.has(text)) t.fail(`${text} is there or not`)
      model.add(text)
    }
    t.equal(list.count, model.size)
    let index = 0
    for (const text of model) {
      const start = list.starts[index]
      const found = Buffer.from(list.bytes.subarray(start, start + list.lengths[index++]))
      if (found.toString() !== text || !has(list, text)) t.fail(`${text} is lost`)
    }
    t.notOk(has(list, 'never'))
    t.notOk(list.overflowed)
  }
  t.ok(list.bytes.length < 2_000_000 && list.starts.length < 100_000, 'nothing large is kept')
})
