import t from 'tap'
import { judge, missingRows } from '../../native-free-bench/regression.ts'

t.test('an unchanged row passes, also with one disturbed round', async (t) => {
  t.notOk(judge('row', [1, 1.02, 0.97], 1).suspect)
  t.notOk(judge('row', [1, 0.3, 0.97], 1).suspect)
})

t.test('two disturbed rounds are not enough while one round is as fast as ever', async (t) => {
  t.notOk(judge('row', [0.5, 0.98, 0.6], 1).suspect)
})

t.test('a row that lost a quarter is suspect although its best round was lucky', async (t) => {
  t.ok(judge('row', [0.74, 0.86, 0.76], 1).suspect)
  t.ok(judge('row', [0.75, 0.75, 0.75], 1).suspect)
})

t.test('a row at 81 % passes, at 79 % it is suspect', async (t) => {
  t.notOk(judge('row', [0.81, 0.81, 0.81], 1).suspect)
  t.ok(judge('row', [0.79, 0.79, 0.79], 1).suspect)
})

t.test('the verdict carries the median and what it must reach', async (t) => {
  const { value, limit } = judge('row', [3, 1, 2], 2)
  t.equal(value, 2)
  t.equal(limit, 1.6)
})

t.test('a row that could not be measured does not pass', async (t) => {
  t.ok(judge('row', [Number.NaN, Number.NaN, Number.NaN], 1).suspect)
})

t.test('rows without a baseline and baselines without a row are told', async (t) => {
  t.equal(judge('new', [1], undefined).problem, 'not in baseline.json')
  t.same(missingRows({ kept: 1, gone: 1 }, ['kept', 'new']), ['gone'])
})
