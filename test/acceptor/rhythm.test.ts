import t from 'tap'
import {
  ALONE_AFTER_TURNS,
  ALONE_TURNS_MAX,
  LINGER_LOOKS,
  LINGER_TRY_TURNS,
  LUCK_MAX,
  LUCK_OF_MISS,
  Rhythm,
} from '../../src/acceptor/rhythm.ts'

/** One turn of so many receives. True: it ended in its (only) receive. */
function turn(rhythm: Rhythm, receives: number): boolean {
  const open = rhythm.begin(1)
  for (let receive = 0; receive < receives; receive++) {
    if (rhythm.received()) return true
  }
  t.ok(open, 'a turn that does not end in its receive is open')
  rhythm.close()
  return false
}

function untilAlone(rhythm: Rhythm): void {
  for (let index = 0; index < ALONE_AFTER_TURNS; index++) turn(rhythm, 1)
}

t.test('turns of one receive each end in it, after some', (t) => {
  const rhythm = new Rhythm()
  for (let index = 0; index < ALONE_AFTER_TURNS; index++) t.notOk(turn(rhythm, 1))
  for (let index = 0; index < ALONE_TURNS_MAX; index++) t.ok(turn(rhythm, 1))
  t.notOk(turn(rhythm, 1), 'one is left open')
  for (let index = 0; index < ALONE_TURNS_MAX; index++) t.ok(turn(rhythm, 1))
  t.end()
})

t.test('an open turn with several receives ends the time alone', (t) => {
  const rhythm = new Rhythm()
  untilAlone(rhythm)
  for (let index = 0; index < ALONE_TURNS_MAX; index++) t.ok(turn(rhythm, 1))
  t.notOk(turn(rhythm, 2))
  for (let index = 1; index < ALONE_AFTER_TURNS; index++) t.notOk(turn(rhythm, 1))
  t.notOk(turn(rhythm, 3), 'one such turn begins the count anew')
  for (let index = 0; index < ALONE_AFTER_TURNS; index++) t.notOk(turn(rhythm, 1))
  t.ok(turn(rhythm, 1))
  t.end()
})

t.test('a callback between turns that ended in their receives counts for nothing', (t) => {
  const rhythm = new Rhythm()
  untilAlone(rhythm)
  for (let index = 0; index < ALONE_TURNS_MAX; index++) {
    t.ok(turn(rhythm, 1))
    rhythm.close()
  }
  t.notOk(turn(rhythm, 1))
  t.end()
})

/** Ends a turn and looks around until sleep or so many looks. Returns the looks. */
function looks(rhythm: Rhythm, looksMax: number): number {
  let count = 0
  for (let more = rhythm.lingers(true); more && count < looksMax; more = rhythm.lingers(false)) {
    count++
  }
  return count
}

t.test('lingering is tried now and then, and goes on while it finds something', (t) => {
  const rhythm = new Rhythm()
  rhythm.begin(1)
  for (let index = 1; index < LINGER_TRY_TURNS; index++) {
    t.equal(looks(rhythm, LINGER_LOOKS), 0)
  }
  t.equal(looks(rhythm, 1), 1, 'a try')
  rhythm.begin(1)
  t.equal(looks(rhythm, LINGER_LOOKS + 1), LINGER_LOOKS, 'a hit: again, but not for ever')
  t.equal(looks(rhythm, LINGER_LOOKS), 0, 'a miss takes the luck of one hit away')
  t.end()
})

t.test('another client ends the lingering', (t) => {
  const rhythm = new Rhythm()
  rhythm.begin(1)
  for (let index = 1; index < LINGER_TRY_TURNS; index++) looks(rhythm, 1)
  for (let index = 0; index < LUCK_MAX; index++) {
    t.equal(looks(rhythm, 1), 1)
    rhythm.begin(1)
  }
  t.equal(looks(rhythm, 1), 1)
  rhythm.begin(2)
  t.equal(looks(rhythm, 1), 0)
  t.end()
})

t.test('misses cost what several hits earned', (t) => {
  const rhythm = new Rhythm()
  rhythm.begin(1)
  for (let index = 1; index < LINGER_TRY_TURNS; index++) looks(rhythm, 1)
  for (let index = 0; index < LUCK_MAX * 2; index++) {
    t.equal(looks(rhythm, 1), 1)
    rhythm.begin(1)
  }
  for (let miss = 0; miss < LUCK_MAX / LUCK_OF_MISS; miss++) {
    t.equal(looks(rhythm, LINGER_LOOKS + 1), LINGER_LOOKS)
  }
  t.equal(looks(rhythm, 1), 0)
  t.end()
})
