// A commit over several shards is served whole or not at all, whatever each log lost.

import fc from 'fast-check'
import t from 'tap'
import { type GroupPart, resolveGroups } from '../../src/log/resolve-groups.ts'

const SHARDS = 5

interface Case {
  readonly parts: GroupPart[]
  readonly ends: number[]
}

/** Commits over random shards one after the other, each log cut at a random place. */
const cases: fc.Arbitrary<Case> = fc
  .record({
    groups: fc.array(fc.uniqueArray(fc.nat(SHARDS - 1), { minLength: 2, maxLength: SHARDS }), {
      maxLength: 30,
    }),
    cuts: fc.array(fc.nat(1000), { minLength: SHARDS, maxLength: SHARDS }),
  })
  .map(({ groups, cuts }) => {
    const lengths = new Array<number>(SHARDS).fill(0)
    const all: GroupPart[] = []
    for (const members of groups) {
      members.sort((left, right) => left - right)
      const lowest = members[0]
      const groupLsn = lengths[lowest]
      members.forEach((shard, index) => {
        const startLsn = lengths[shard]
        const endLsn = startLsn + 10
        const participants = members.length
        all.push({ shard, startLsn, endLsn, groupShard: lowest, groupLsn, participants, index })
        lengths[shard] = endLsn
      })
    }
    const ends = lengths.map((length, shard) => Math.floor((length * cuts[shard]) / 1000))
    return { parts: all.filter((part) => part.endLsn <= ends[part.shard]), ends }
  })

t.test('after cutting every group is whole or gone, and no more is cut than that', async (t) => {
  fc.assert(
    fc.property(cases, ({ parts, ends }) => {
      const cut = resolveGroups(parts, ends, [])
      const kept = parts.filter((part) => part.endLsn <= cut[part.shard])
      const counts = new Map<string, number>()
      for (const part of kept) {
        const name = `${part.groupShard}:${part.groupLsn}`
        counts.set(name, (counts.get(name) ?? 0) + 1)
      }
      for (const part of kept) {
        if (counts.get(`${part.groupShard}:${part.groupLsn}`) !== part.participants) return false
      }
      // Each cut is at the start of a part that was there: nothing else is lost.
      return cut.every(
        (end, shard) =>
          end === ends[shard] ||
          parts.some((part) => part.shard === shard && part.startLsn === end),
      )
    }),
    { seed: 3, numRuns: 2000 },
  )
  t.same(resolveGroups([], [5, 6], []), [5, 6])
})

t.test('a cut takes later groups with it', async (t) => {
  const part = (shard: number, startLsn: number, groupLsn: number, index: number) => ({
    shard,
    startLsn,
    endLsn: startLsn + 10,
    groupShard: 0,
    groupLsn,
    participants: 2,
    index,
  })
  // Group 0:0 lacks shard 1. Group 0:10 (shards 0 and 2) is whole but behind it in shard 0.
  const parts = [part(0, 0, 0, 0), part(0, 10, 10, 0), part(2, 0, 10, 1)]
  t.same(resolveGroups(parts, [20, 0, 10], []), [0, 0, 0])
  // Shard 1 knows that group 0:0 is durable, so its part there is not listed any more.
  t.same(resolveGroups(parts, [20, 0, 10], [0, 0]), [20, 0, 10])
})
