// Torn tail against damage: every byte cut, every byte flipped, blocks moved, files exchanged.
// Never wrong data, never a durable or covered block cut, and verify agrees with recovery.
// Case counts are printed; CKV_TEST_LONG=1 runs all of them instead of a sample.

import t from 'tap'
import { CkvError } from '../../src/base/errors.ts'
import {
  BLOCK_EPOCH_BYTE,
  BLOCK_HEADER_BYTES,
  BLOCK_HEADER_LENGTH_BYTE,
  BLOCK_LENGTH_BYTE,
  BLOCK_LSN_BYTE,
  BLOCK_MAGIC,
  BLOCK_MAGIC_BYTE,
  BLOCK_SHARD_BYTE,
  BLOCK_VERSION_BYTE,
  LOG_VERSION,
  SEGMENT_HEADER_BYTES,
} from '../../src/log/layout.ts'
import { examineShard, scanShard } from '../../src/log/scan.ts'
import { segmentName } from '../../src/log/segment.ts'
import { DURABLE_LONG, WRITTEN_LONG } from '../../src/rows/layout.ts'
import { sideLong, storeLsn } from '../../src/rows/rows.ts'
import { expectedLog, LogFixture, recover, replayTexts } from '../support/log-fixture.ts'
import { SimFs } from '../support/sim-fs.ts'

const LONG = process.env.CI === 'true' || process.env.CKV_TEST_LONG === '1'

function simDisk(): SimFs {
  const files = new SimFs()
  files.mkdir('/log')
  files.fsyncDirectory('/')
  return files
}

interface Sample {
  readonly bytes: Uint8Array
  readonly texts: readonly string[]
  /** File positions of the blocks, and of the end. */
  readonly blocks: readonly number[]
  /** How many records stand before each of these. */
  readonly counts: readonly number[]
}

/** A segment of about `byteLength` bytes; blocks of 1-4 records, some chains of two blocks. */
function makeSample(byteLength: number, shard = 0, durableAt = -1): Sample {
  const files = simDisk()
  const fixture = new LogFixture({ files, directory: '/log', shard, sliceBytes: 65_536 })
  const texts: string[] = []
  const blocks = [SEGMENT_HEADER_BYTES]
  const counts = [0]
  for (let batch = 0; fixture.lsn(WRITTEN_LONG) < byteLength; batch++) {
    for (let record = 0; record <= batch % 4; record++) {
      const key = `key:${shard}:${batch}:${record}`
      const value = `value ${batch} `.repeat((batch * 7) % 23)
      fixture.set(key, value)
      texts.push(`1 0 ${key}=${value} @-1`)
    }
    fixture.commit()
    blocks.push(SEGMENT_HEADER_BYTES + fixture.lsn(WRITTEN_LONG))
    counts.push(texts.length)
    if (batch === durableAt) {
      storeLsn(fixture.rows, sideLong(shard, 0, DURABLE_LONG), fixture.lsn(WRITTEN_LONG))
    }
  }
  return { bytes: files.contents('/log/segment-000001.ckv'), texts, blocks, counts }
}

function withSegments(...segments: readonly Uint8Array[]): SimFs {
  const files = simDisk()
  for (const [index, bytes] of segments.entries())
    files.put(`/log/${segmentName(index + 1)}`, bytes)
  return files
}

/** Recovers and checks that verify's examination says the same; null when refused. */
function tryRecover(files: SimFs, shard = 0): string[] | null {
  const examined = examineShard(files, '/log', expectedLog(shard))
  try {
    const scan = scanShard(files, '/log', expectedLog(shard))
    if (examined.damage !== null) throw new Error('verify refuses what recovery takes')
    return replayTexts(files, scan)
  } catch (error) {
    if (!(error instanceof CkvError)) throw error
    if (examined.damage === null) throw new Error('recovery refuses what verify takes')
    if (!/\/log\/.* at offset \d+/.test(error.message)) throw new Error(error.message)
    return null
  }
}

function isPrefix(part: readonly string[], whole: readonly string[]): boolean {
  return part.every((text, index) => text === whole[index])
}

/** The end of the last block that ends at or before a file position. */
function lastWhole(sample: Sample, position: number) {
  let index = 0
  while (index + 1 < sample.blocks.length && sample.blocks[index + 1] <= position) index++
  const end = sample.blocks[index]
  return { position: end, lsn: end - SEGMENT_HEADER_BYTES, count: sample.counts[index] }
}

/** How many records stand in blocks that end at or before a file position. */
function recordsBefore(sample: Sample, position: number): number {
  return lastWhole(sample, position).count
}

t.test('every cut of the last 64 KB ends at the last whole block', async (t) => {
  const sample = makeSample(65_536)
  let cases = 0
  for (let length = 0; length <= sample.bytes.length; length += LONG ? 1 : 23) {
    const { scan, damage } = examineShard(
      withSegments(sample.bytes.subarray(0, length)),
      '/log',
      expectedLog(),
    )
    const end = lastWhole(sample, length)
    if (damage !== null) t.fail(`cut at ${length} was refused`)
    // The bytes before the cut are the sample's, so the right end means the right records.
    else if (scan.endLsn !== end.lsn || scan.recordCount !== end.count) {
      t.fail(`cut at ${length}: ends at ${scan.endLsn}`)
    } else if (scan.segments.length > 0 && (scan.torn === null) !== (length === end.position)) {
      t.fail(`cut at ${length}: not reported`)
    }
    cases++
  }
  t.pass(`${cases} cuts`)
})

t.test('the records before a cut are the ones that were written', async (t) => {
  const sample = makeSample(65_536)
  let cases = 0
  for (let length = 0; length <= sample.bytes.length; length += LONG ? 13 : 97) {
    const texts = tryRecover(withSegments(sample.bytes.subarray(0, length)))
    if (texts === null) t.fail(`cut at ${length} was refused`)
    else if (texts.length !== recordsBefore(sample, length) || !isPrefix(texts, sample.texts)) {
      t.fail(`cut at ${length}: ${texts.length} records`)
    }
    cases++
  }
  t.pass(`${cases} cuts`)
})

t.test('zeros or garbage behind a cut are a torn tail too', async (t) => {
  const sample = makeSample(8192)
  let cases = 0
  for (let length = 0; length <= sample.bytes.length; length += LONG ? 1 : 5) {
    for (const filler of [0, 0xff, 0x43]) {
      const bytes = new Uint8Array(length + 700).fill(filler)
      bytes.set(sample.bytes.subarray(0, length))
      const texts = tryRecover(withSegments(bytes))
      // Zeros can complete a block that ends in zeros.
      let same = length
      while (same < bytes.length && bytes[same] === sample.bytes[same]) same++
      if (texts?.length !== recordsBefore(sample, same)) t.fail(`${filler} behind ${length}`)
      cases++
    }
  }
  t.pass(`${cases} tails`)
})

t.test('cut, recover, write again, recover again', async (t) => {
  const sample = makeSample(4096)
  let cases = 0
  for (let length = 0; length <= sample.bytes.length; length += LONG ? 1 : 37) {
    const files = withSegments(sample.bytes.subarray(0, length))
    const first = recover(files, '/log')
    const fixture = new LogFixture({
      files,
      directory: '/log',
      sliceBytes: 4096,
      startLsn: first.endLsn,
      number: first.nextNumber,
      epoch: first.scan.epoch + 1,
    })
    const texts = [...first.texts]
    for (let index = 0; index < 100; index++) {
      fixture.set(`again${index}`, 'x')
      texts.push(`1 0 again${index}=x @-1`)
      fixture.commit()
    }
    const second = recover(files, '/log')
    if (second.scan.torn !== null) t.fail(`cut at ${length}: torn again`)
    if (second.texts.join() !== texts.join()) t.fail(`cut at ${length}: other records`)
    const headerTorn = length > 0 && length < SEGMENT_HEADER_BYTES
    const cutInside = first.scan.torn !== null || headerTorn
    const kept = files.readdir('/log').some((name) => name.endsWith('.broken'))
    if (cutInside !== kept) t.fail(`cut at ${length}: cut bytes were not kept`)
    cases++
  }
  t.pass(`${cases} cuts`)
})

t.test('every flipped byte: refused, or a torn last block', async (t) => {
  const sample = makeSample(65_536)
  const lastBlock = sample.blocks[sample.blocks.length - 2]
  let refused = 0
  let cut = 0
  for (let at = 0; at < sample.bytes.length; at += LONG ? 1 : 41) {
    const bytes = sample.bytes.slice()
    bytes[at] ^= 1 << (at % 8)
    const { scan, damage } = examineShard(withSegments(bytes), '/log', expectedLog())
    if (damage !== null) {
      refused++
      continue
    }
    // The end is before the flip, so nothing flipped is served.
    if (at < lastBlock || scan.endLsn !== lastBlock - SEGMENT_HEADER_BYTES) {
      t.fail(`flip at ${at}: ends at ${scan.endLsn}`)
    }
    cut++
  }
  t.pass(`${refused} refused, ${cut} cut`)
  t.ok(refused > cut)
})

t.test('every flipped byte of a durable log is refused', async (t) => {
  // The block behind the durable one says so; it is the last and may be torn.
  const sample = makeSample(12_000, 0, 20)
  const durable = sample.blocks[21]
  t.ok(sample.blocks.length > 23)
  let cases = 0
  for (let at = 0; at < durable; at += LONG ? 1 : 3) {
    // All behind the first block that knows is gone: only what it says protects the rest.
    const bytes = sample.bytes.slice(0, sample.blocks[22])
    bytes[at] ^= 0xff
    const { damage } = examineShard(withSegments(bytes), '/log', expectedLog())
    if (damage === null) t.fail(`flip at ${at} was not refused`)
    cases++
  }
  t.pass(`${cases} flips`)
})

/** Blocks of a sample as pieces, to be put together in another way. */
function pieces(sample: Sample): Uint8Array[] {
  const parts = [sample.bytes.subarray(0, SEGMENT_HEADER_BYTES)]
  for (let index = 0; index + 1 < sample.blocks.length; index++) {
    parts.push(sample.bytes.subarray(sample.blocks[index], sample.blocks[index + 1]))
  }
  return parts
}

t.test('swapped, doubled, removed and zeroed blocks are refused', async (t) => {
  const sample = makeSample(6000)
  const parts = pieces(sample)
  let cases = 0
  const refuse = (what: string, changed: readonly Uint8Array[]) => {
    cases++
    if (tryRecover(withSegments(Buffer.concat(changed))) !== null) t.fail(`${what} was taken`)
  }
  for (let left = 1; left < parts.length; left++) {
    refuse(`${left} doubled`, parts.toSpliced(left, 0, parts[left]))
    if (left < parts.length - 1) {
      refuse(`${left} removed`, parts.toSpliced(left, 1))
      refuse(`${left} zeroed`, parts.with(left, new Uint8Array(parts[left].length)))
    }
    for (let right = left + 1; right < parts.length; right++) {
      refuse(
        `${left} and ${right} swapped`,
        parts.with(left, parts[right]).with(right, parts[left]),
      )
    }
  }
  t.pass(`${cases} cases`)
})

// ── sectors that were never written ───────────────────────────────────────────────────────────

const SECTOR_BYTES = 512

function withZeros(bytes: Uint8Array, from: number, to: number): Uint8Array {
  const changed = bytes.slice()
  changed.fill(0, from, to)
  return changed
}

t.test('sectors that were lost: cut if no block calls them durable, else refused', async (t) => {
  let refused = 0
  let cut = 0
  const wrong: string[] = []
  for (const durableAt of [-1, 3, 12, 20]) {
    const sample = makeSample(12_000, 0, durableAt)
    // The block after the one that was synced is the first to say so.
    const claimed = durableAt < 0 ? 0 : sample.blocks[durableAt + 1]
    const sectors = Math.floor(sample.bytes.length / SECTOR_BYTES)
    for (let first = 1; first < sectors; first++) {
      for (let count = 1; count <= 4 && first + count < sectors; count++) {
        const from = first * SECTOR_BYTES
        const changed = withZeros(sample.bytes, from, from + count * SECTOR_BYTES)
        const texts = tryRecover(withSegments(changed))
        if (texts === null) refused++
        else if (from < claimed) wrong.push(`a durable sector at ${from} was cut`)
        else if (texts.length !== recordsBefore(sample, from)) wrong.push(`${from}: wrong end`)
        else cut++
        if (texts === null && from >= claimed) wrong.push(`${from} +${count} was refused`)
      }
    }
  }
  t.same(wrong, [], `${cut} cut, ${refused} refused`)
})

t.test('what is durable as far as the file knows is never cut', async (t) => {
  const sample = makeSample(6000, 0, 8)
  const claimed = sample.blocks[9]
  let cases = 0
  for (let at = SEGMENT_HEADER_BYTES; at < claimed; at += LONG ? 1 : 7) {
    const flipped = sample.bytes.slice()
    flipped[at] ^= 1 << (at % 8)
    for (const changed of [flipped, withZeros(sample.bytes, at, claimed + 200)]) {
      cases++
      if (changed.every((byte, index) => byte === sample.bytes[index])) continue
      if (tryRecover(withSegments(changed)) !== null) t.fail(`damage at ${at} was cut`)
    }
  }
  t.pass(`${cases} cases`)
})

t.test('zeros that no power cut leaves are damage, durable or not', async (t) => {
  const sample = makeSample(12_000)
  let cases = 0
  for (let index = 1; index + 2 < sample.blocks.length; index++) {
    const from = sample.blocks[index]
    const to = sample.blocks[index + 1]
    // The next block's sector was written, so the end of the one before was too.
    if (to % SECTOR_BYTES !== 0) {
      cases++
      const changed = withZeros(sample.bytes, from, to)
      if (tryRecover(withSegments(changed)) !== null) t.fail(`the zeroed block at ${from} was cut`)
    }
    // Less than a sector, inside of one.
    const start = Math.ceil(from / SECTOR_BYTES) * SECTOR_BYTES + 8
    if (start + 400 >= to) continue
    cases++
    const changed = withZeros(sample.bytes, start, start + 400)
    if (tryRecover(withSegments(changed)) !== null) t.fail(`zeros at ${start} were cut`)
  }
  t.pass(`${cases} cases`)
})

t.test('a value full of block headers is no later block', async (t) => {
  const files = simDisk()
  const fixture = new LogFixture({ files, directory: '/log', sliceBytes: 65_536 })
  fixture.set('a', '1')
  fixture.commit()
  const whole = files.contents('/log/segment-000001.ckv')
  const header = whole.subarray(SEGMENT_HEADER_BYTES, SEGMENT_HEADER_BYTES + BLOCK_HEADER_BYTES)
  const value = Buffer.concat(Array.from({ length: 5000 }, () => header))
  t.ok(fixture.log.appendLarge(1, 0, 0, -1, Buffer.from('key'), [value]))
  fixture.commit()
  const bytes = files.contents('/log/segment-000001.ckv')
  t.same(tryRecover(withSegments(bytes.subarray(0, bytes.length - 200))), ['1 0 a=1 @-1'])
})

/** Bytes that look like the header of a block of `byteLength`, with these fields. */
function fakeHeader(byteLength: number, lsn: number, shard: number, epoch: number): Uint8Array {
  const bytes = new Uint8Array(BLOCK_HEADER_BYTES)
  const view = new DataView(bytes.buffer)
  view.setUint32(BLOCK_MAGIC_BYTE, BLOCK_MAGIC, true)
  view.setUint32(BLOCK_LENGTH_BYTE, byteLength, true)
  view.setUint32(BLOCK_VERSION_BYTE, LOG_VERSION, true)
  view.setUint16(BLOCK_SHARD_BYTE, shard, true)
  view.setUint16(BLOCK_HEADER_LENGTH_BYTE, BLOCK_HEADER_BYTES, true)
  view.setUint32(BLOCK_EPOCH_BYTE, epoch, true)
  view.setFloat64(BLOCK_LSN_BYTE, lsn, true)
  return bytes
}

t.test('a torn value that looks like thousands of long blocks is cut', async (t) => {
  const length = 480_000
  const value = Buffer.alloc(500_000)
  const tail = (lsn: (position: number) => number, shard: number, epoch: number): SimFs => {
    const files = simDisk()
    const fixture = new LogFixture({ files, directory: '/log', sliceBytes: 65_536 })
    fixture.set('a', '1')
    fixture.commit()
    // Head of the record and a key of 8 bytes stand before the value.
    const start = SEGMENT_HEADER_BYTES + fixture.lsn(WRITTEN_LONG) + BLOCK_HEADER_BYTES + 32
    for (let at = 0; at + BLOCK_HEADER_BYTES <= value.length; at += BLOCK_HEADER_BYTES) {
      const claimed = Math.max(BLOCK_HEADER_BYTES, Math.floor((length - start - at) / 16) * 8)
      value.set(fakeHeader(claimed, lsn(start + at), shard, epoch), at)
    }
    t.ok(fixture.log.appendLarge(1, 0, 0, -1, Buffer.from('keykeyke'), [value]))
    fixture.commit()
    const bytes = files.contents('/log/segment-000001.ckv')
    return withSegments(bytes.subarray(0, length))
  }
  const inPlace = (position: number): number => position - SEGMENT_HEADER_BYTES
  t.same(tryRecover(tail(() => 0, 0, 1)), ['1 0 a=1 @-1'], 'with other LSNs')
  t.same(tryRecover(tail(inPlace, 1, 1)), ['1 0 a=1 @-1'], 'of another shard')
  t.same(tryRecover(tail(inPlace, 0, 2)), ['1 0 a=1 @-1'], 'of another epoch')
  t.equal(tryRecover(tail(inPlace, 0, 1)), null, 'one that knows all of it: nobody can tell')
})

t.test('blocks that moved, behind one that is not whole, are damage', async (t) => {
  const sample = makeSample(6000)
  let cases = 0
  for (let index = 1; index + 2 < sample.blocks.length; index++) {
    for (const count of [8, 64]) {
      const at = sample.blocks[index] + BLOCK_HEADER_BYTES
      const removed = Buffer.concat([sample.bytes.slice(0, at), sample.bytes.slice(at + count)])
      const added = Buffer.concat([
        sample.bytes.slice(0, at),
        new Uint8Array(count),
        sample.bytes.slice(at),
      ])
      if (tryRecover(withSegments(removed)) !== null) t.fail(`${count} removed at ${at}`)
      if (tryRecover(withSegments(added)) !== null) t.fail(`${count} added at ${at}`)
      cases += 2
    }
  }
  t.pass(`${cases} cases`)
})

t.test('files of others and from other times are refused', async (t) => {
  const sample = makeSample(3000)
  const other = makeSample(3000, 1)
  t.equal(tryRecover(withSegments(other.bytes)), null, 'of another shard')
  t.equal(tryRecover(withSegments(sample.bytes), 1), null)
  for (const expected of [
    { ...expectedLog(), instance: 'crs-other001' },
    { ...expectedLog(), generation: 2 },
    { ...expectedLog(), startLsn: 8 },
  ]) {
    t.throws(() => scanShard(withSegments(sample.bytes), '/log', expected), { code: 'LOG_DAMAGED' })
  }
  t.equal(tryRecover(withSegments(sample.bytes, sample.bytes)), null, 'the same segment twice')
  // A log of three segments, of restarts.
  const files = withSegments(sample.bytes)
  for (let start = 0; start < 2; start++) {
    const { endLsn, nextNumber, scan } = recover(files, '/log')
    const fixture = new LogFixture({
      files,
      directory: '/log',
      startLsn: endLsn,
      number: nextNumber,
      epoch: scan.epoch + 1,
    })
    for (let index = 0; index < 20; index++) {
      fixture.set(`s${start}`, String(index))
      fixture.commit()
    }
  }
  const one = files.contents('/log/segment-000001.ckv')
  const two = files.contents('/log/segment-000002.ckv')
  const three = files.contents('/log/segment-000003.ckv')
  t.equal(tryRecover(withSegments(one, two, three))?.length, sample.texts.length + 40)
  t.equal(tryRecover(withSegments(one, three, two)), null, 'exchanged')
  t.equal(tryRecover(withSegments(one, three)), null, 'renamed')
  t.equal(tryRecover(withSegments(one, two.subarray(0, 600), three)), null, 'an older one put back')
  t.equal(tryRecover(withSegments(one, two.subarray(0, 128), three)), null, 'an empty one')
  t.equal(tryRecover(withSegments(one, new Uint8Array(0), three)), null, 'no header')
  const missing = withSegments(one, two, three)
  missing.unlink('/log/segment-000002.ckv')
  t.equal(tryRecover(missing), null, 'a missing one')
  const firstGone = withSegments(one, two, three)
  firstGone.unlink('/log/segment-000001.ckv')
  t.equal(tryRecover(firstGone), null, 'the first is missing')
  t.equal(
    tryRecover(withSegments(one, two, three, new Uint8Array(0)))?.length,
    sample.texts.length + 40,
  )
  t.throws(() => scanShard(new SimFs(), '/log', expectedLog()), { code: 'LOG_DAMAGED' })
})
