import t from 'tap'
import {
  geometricMean,
  median,
  medianRatio,
  rotate,
  upperQuartile,
} from '../../native-free-bench/statistics.ts'

t.test('median', async (t) => {
  t.equal(median([3, 1, 2]), 2)
  t.equal(median([4, 1, 3, 2]), 2.5)
  t.equal(median([7]), 7)
  t.ok(Number.isNaN(median([])))
})

t.test('geometric mean weighs halves and doubles the same', async (t) => {
  t.ok(Math.abs(geometricMean([0.5, 2]) - 1) < 1e-12)
  t.ok(Number.isNaN(geometricMean([])))
})

t.test('upper quartile ignores disturbed slices and a single lucky one', async (t) => {
  t.equal(upperQuartile([10, 9, 1, 1]), 9)
  t.equal(upperQuartile([100, 10, 10, 10, 2, 1, 1, 1]), 10)
  t.equal(upperQuartile([5]), 5)
  t.ok(Number.isNaN(upperQuartile([])))
})

t.test('every peer is first, second, … equally often', async (t) => {
  t.same(rotate(['a', 'b', 'c'], 0), ['a', 'b', 'c'])
  t.same(rotate(['a', 'b', 'c'], 1), ['b', 'c', 'a'])
  t.same(rotate(['a', 'b', 'c'], 5), ['c', 'a', 'b'])
  t.same(rotate([], 3), [])
})

t.test('ratios are taken round by round, so a slow round of both cancels out', async (t) => {
  t.equal(medianRatio([100, 50, 100], [100, 50, 200]), 1)
  t.equal(medianRatio([10, 20], [10]), 1)
  t.ok(Number.isNaN(medianRatio([], [1])))
})
