// What is appended and committed comes back, in order, whatever the sizes, the slice, the thread.

import fc from 'fast-check'
import t from 'tap'
import { CHECKSUM_PIECE_BYTES } from '../../src/base/limits.ts'
import { SeededRandom } from '../../src/base/random.ts'
import { segmentName } from '../../src/log/segment.ts'
import * as row from '../../src/rows/layout.ts'
import { LogFixture, recover, START_MS } from '../support/log-fixture.ts'
import { SimFs } from '../support/sim-fs.ts'

type Checks = Pick<typeof t, 'fail'>

function simDisk(): SimFs {
  const files = new SimFs()
  files.mkdir('/log')
  files.fsyncDirectory('/')
  return files
}

function fill(byteLength: number, letter: number): Uint8Array {
  return new Uint8Array(byteLength).fill(97 + (letter % 26))
}

function text(code: number, database: number, key: string, value: Uint8Array, number: number) {
  return `${code} ${database} ${key}=${Buffer.from(value).toString('latin1')} @${number}`
}

/** Blocks that are still in the slice must be byte for byte those of the file. */
function assertSliceIsFile(test: Checks, fixture: LogFixture, files: SimFs, startLsn: number) {
  const file = files.contents(`/log/${segmentName(1)}`)
  const written = fixture.lsn(row.WRITTEN_LONG)
  const from = fixture.lsn(row.RECLAIMED_LONG)
  const view = new DataView(file.buffer)
  let lsn = startLsn
  let compared = 0
  while (lsn < written) {
    const at = 128 + lsn - startLsn
    const length = view.getUint32(at + 12, true)
    const external = (view.getUint16(at + 18, true) & 8) !== 0
    const known = external ? 96 : length
    if (lsn >= from) {
      const offset = lsn % fixture.slice.byteLength
      if (offset + known > fixture.slice.byteLength) test.fail('a block crosses the slice end')
      const slice = fixture.slice.subarray(offset, offset + known)
      if (Buffer.compare(slice, file.subarray(at, at + known)) !== 0) {
        test.fail(`slice and file differ at LSN ${lsn}`)
      }
      compared++
    }
    lsn += length
  }
  return compared
}

function randomRound(startLsn: number, sliceBytes: number, seed: number, test: Checks): number {
  const files = simDisk()
  const fixture = new LogFixture({ files, directory: '/log', sliceBytes, startLsn })
  const other = fixture.writer(2)
  const random = new SeededRandom(seed)
  const written: string[] = []
  let compared = 0
  let log = fixture.log
  for (let batch = 0; batch < 60; batch++) {
    if (random.below(3) === 0) {
      log = log === fixture.log ? other : fixture.log
      fixture.attach(log)
    }
    for (let count = random.below(8); count >= 0; count--) {
      const code = 1 + random.below(7)
      const database = random.below(16)
      const key = `k${random.word()}`
      const keyBytes = Buffer.from(key)
      const bound = random.below(4) === 0 ? sliceBytes / 2 : 200
      const value = fill(random.below(bound), random.below(26))
      const number = code === 1 ? -1 : random.word()
      if (log.isLarge(keyBytes.length, value.length)) {
        const half = value.length >> 1
        const pieces = [value.subarray(0, half), value.subarray(half)]
        if (!log.appendLarge(code, database, 0, number, keyBytes, pieces)) test.fail('not written')
      } else if (random.below(2) === 0) {
        log.append(code, database, 0, keyBytes, 0, keyBytes.length, value, 0, value.length, number)
      } else {
        const length = keyBytes.length
        const at = log.appendReserve(code, database, 0, keyBytes, 0, length, value.length, number)
        log.slice.set(value, at)
      }
      written.push(text(code, database, key, value, number))
    }
    if (fixture.commit(log) !== 0) test.fail('commit failed')
    compared += assertSliceIsFile(test, fixture, files, startLsn)
  }
  const { scan, texts } = recover(files, '/log', 0, startLsn)
  if (texts.join('\n') !== written.join('\n')) test.fail(`seed ${seed}: other records came back`)
  if (scan.torn !== null) test.fail('nothing was torn')
  if (scan.endLsn !== fixture.lsn(row.WRITTEN_LONG)) test.fail('the log ends elsewhere')
  if (scan.recordCount !== written.length) test.fail('record count')
  return compared
}

t.test('random batches over small and large slices come back', async (t) => {
  let compared = 0
  for (let seed = 1; seed <= 40; seed++) {
    compared += randomRound(0, seed % 3 === 0 ? 65_536 : 4096, seed, t)
  }
  t.ok(compared > 1000, `${compared} blocks of the slice compared with the file`)
})

t.test('LSNs near 2^31, 2^32 and 2^53', async (t) => {
  for (const near of [2 ** 31, 2 ** 32, 2 ** 53 - 4_194_304]) {
    for (let seed = 1; seed <= 3; seed++) randomRound(near - 1000 * 8 * seed, 4096, seed, t)
  }
  t.pass('all rounds came back')
})

t.test('any start LSN fits any slice size', async (t) => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4096 }), (eighths) => {
      randomRound(eighths * 8, 4096, eighths, t)
    }),
    { seed: 7, numRuns: 60 },
  )
  for (let rest = 8; rest <= 136; rest += 8) randomRound(65_536 - rest, 4096, rest, t)
  t.pass('all came back')
})

t.test('a large record: header in the slice, value in the file, checksum in pieces', async (t) => {
  const files = simDisk()
  const fixture = new LogFixture({ files, directory: '/log', sliceBytes: 4096 })
  const value = fill(CHECKSUM_PIECE_BYTES * 3 + 5, 3)
  fixture.set('before', 'x')
  t.ok(fixture.log.isLarge(3, value.length))
  t.ok(fixture.log.appendLarge(1, 2, 0, 55, Buffer.from('big'), [value]))
  fixture.set('after', 'y')
  t.equal(fixture.commit(), 0)
  const { texts } = recover(files, '/log')
  t.same(texts, ['1 0 before=x @-1', text(1, 2, 'big', value, 55), '1 0 after=y @-1'])
})

t.test('a commit names its LSN; a commit without effects stores nothing', async (t) => {
  const files = simDisk()
  const fixture = new LogFixture({ files, directory: '/log' })
  // Heads and tails are the executor's: a commit leaves them as they stand.
  fixture.setWord(row.COMMITTED_HEAD_WORD, 11)
  t.equal(fixture.commit(), 0)
  t.equal(fixture.lsn(row.COMMIT_LONG), 0)
  fixture.set('a', 'b')
  t.ok(fixture.log.uncommitted())
  t.equal(fixture.commit(), 0)
  t.equal(fixture.word(row.COMMITTED_HEAD_WORD), 11)
  t.ok(fixture.lsn(row.COMMIT_LONG) > 0)
  t.equal(fixture.lsn(row.COMMIT_LONG), fixture.lsn(row.WRITTEN_LONG))
  t.equal(fixture.log.appendedLsn(), fixture.lsn(row.WRITTEN_LONG))
  t.equal(fixture.lsn(row.COMMIT_TIME_LONG), START_MS)
})

t.test('a batch larger than the slice is one chain, recovered whole or not at all', async (t) => {
  const files = simDisk()
  const fixture = new LogFixture({ files, directory: '/log', sliceBytes: 4096 })
  fixture.set('first', 'kept')
  fixture.commit()
  for (let index = 0; index < 200; index++) fixture.set(`key${index}`, 'v'.repeat(100))
  t.ok(fixture.log.wantsCommit())
  // The process dies before the commit's last block: nothing of the batch comes back.
  const crashed = files.afterCrash('kill', 1)
  const { scan, texts } = recover(crashed, '/log')
  t.same(texts, ['1 0 first=kept @-1'])
  t.match(scan.torn, { reason: 'unfinished commit' })
  t.ok(crashed.readdir('/log').some((name) => name.endsWith('.broken')))
  t.equal(fixture.commit(), 0)
  t.equal(recover(files, '/log').texts.length, 201)
})

t.test(
  'a holder that was fenced during the write publishes nothing and cuts nothing',
  async (t) => {
    const files = simDisk()
    const fixture = new LogFixture({ files, directory: '/log' })
    fixture.set('a', '1')
    fixture.commit()
    const before = fixture.lsn(row.WRITTEN_LONG)
    fixture.set('b', '2')
    files.fault = (operation) => {
      if (operation === 'write') fixture.setWord(row.TOKEN_WORD, 1 << row.TOKEN_THREAD_BITS)
      return ''
    }
    t.throws(() => fixture.commit(), { code: 'LOG_FENCED' })
    t.equal(fixture.lsn(row.WRITTEN_LONG), before)
    t.equal(recover(files, '/log').texts.length, 2)
  },
)
