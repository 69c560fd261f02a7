// The models are right in every configuration, and would notice if they were not: each seeded bug
// is found. Needs spin and a C compiler (apt: spin, gcc); without them it is skipped, loudly, and
// under CI it fails.

import t from 'tap'
import { missingPrograms, search } from './spin.ts'

const LONG = process.env.CI === 'true' || process.env.CKV_TEST_LONG !== undefined
/** Searches at a time: the large ones take about 2 GB each. */
const TOGETHER = 2

/** For all of it, on a machine with much else to do. */
const TIMEOUT_MS = 600_000

interface Run {
  readonly model: 'bell' | 'token' | 'room'
  readonly defines: string[]
  readonly bug: number
}

function right(model: Run['model'], ...defines: string[]): Run {
  return { model, defines, bug: 0 }
}

const CORRECT: Run[] = [
  right('bell', 'NA=1', 'N=6'),
  right('bell', 'NA=1', 'N=6', 'EVENTS=2'),
  right('token', 'NA=1', 'N=3', 'WAITER'),
  right('token', 'NA=1', 'N=2', 'FENCE'),
  right('room', 'NW=1'),
  right('room', 'NW=1', 'BACKLOG=1'),
  right('room', 'NW=1', 'N=4', 'ALWAYS'),
]
/** The first two take 15 s each, the others up to 5. */
const LARGE: Run[] = [
  right('token', 'NA=1', 'FENCE', 'WAITER'),
  right('token', 'NA=2', 'FENCE'),
  right('bell', 'NA=2', 'N=2', 'EVENTS=1'),
  right('bell', 'NA=2', 'N=2', 'EVENTS=0'),
  right('token', 'NA=2', 'WAITER'),
  right('room', 'NW=2', 'N=4'),
  right('room', 'NW=1', 'BACKLOG=2', 'PLACER'),
]

/** Index = number of the bug, value = a configuration in which it shows. */
const BELL_BUGS: Run[] = [1, 2, 3, 4, 5, 6, 7, 8].map((bug) => ({
  model: 'bell',
  defines: ['NA=1', 'N=6'],
  bug,
}))
const TOKEN_BUGS: Run[] = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((bug) => ({
  model: 'token',
  defines: [2, 5, 7].includes(bug) ? ['NA=1', 'FENCE'] : ['NA=1', 'WAITER'],
  bug,
}))
/** The second needs somebody else who holds the token when the worker comes. */
const ROOM_BUGS: Run[] = [1, 2, 3, 4, 5, 6, 7, 8].map((bug) => ({
  model: 'room',
  defines:
    bug === 2
      ? ['NW=1', 'N=3', 'PLACER']
      : bug === 6 || bug === 7
        ? ['NW=1', 'BACKLOG=1']
        : ['NW=1'],
  bug,
}))

const missing = missingPrograms()
if (missing !== '' && process.env.CI === 'true') {
  t.fail(`${missing} not found: the models cannot be checked (apt: spin, gcc)`)
} else if (missing !== '') {
  console.error(`\n*** ${missing} not found: NO MODEL IS CHECKED (apt: spin, gcc) ***\n`)
  t.test('the models', { skip: `${missing} not found` }, async () => {})
} else {
  t.jobs = TOGETHER
  t.setTimeout(TIMEOUT_MS)
  const runs = [...(LONG ? LARGE : []), ...CORRECT, ...BELL_BUGS, ...TOKEN_BUGS, ...ROOM_BUGS]
  for (const run of runs) check(run)
}

function check(run: Run): void {
  const defines = run.bug === 0 ? run.defines : [...run.defines, `BUG${run.bug}`]
  const name = `${run.model}.pml ${defines.join(' ')}`
  t.test(name, { timeout: TIMEOUT_MS }, async (t) => {
    const file = new URL(`${run.model}.pml`, import.meta.url)
    const found = await search(file, defines, run.bug !== 0)
    t.comment(`figure ${name}: ${found.states} states in ${found.seconds.toFixed(1)} s`)
    if (run.bug !== 0) {
      t.ok(found.errors > 0, `the seeded bug is found\n${found.text}`)
      t.ok(found.seconds < 10, 'and quickly')
      return
    }
    t.equal(found.errors, 0, `no error\n${found.text}`)
    t.ok(found.exhaustive, `every state was visited\n${found.text}`)
  })
}
