// What is on disk stays readable. A test here fails only when the format changed: then raise
// LOG_VERSION (layout.ts says when), keep the old golden files, and add new ones with
// CKV_GOLDEN=write.

import fs from 'node:fs'
import path from 'node:path'
import t from 'tap'
import { EFFECT_NAMES } from '../../src/log/codes.ts'
import { dumpSegment } from '../../src/log/dump.ts'
import { commitGroup } from '../../src/log/groups.ts'
import * as layout from '../../src/log/layout.ts'
import {
  decodeSegmentHeader,
  encodeSegmentHeader,
  type SegmentHeader,
} from '../../src/log/segment.ts'
import * as row from '../../src/rows/layout.ts'
import { Rows, sideLong } from '../../src/rows/rows.ts'
import { LogFixture, recover, replayTexts, START_MS } from '../support/log-fixture.ts'
import { SimFs } from '../support/sim-fs.ts'

const FROZEN = path.resolve(import.meta.dirname, '../frozen/log')
const WRITE = process.env.CKV_GOLDEN === 'write'

/** The stored text; with CKV_GOLDEN=write a missing one is stored. */
function frozen(name: string, now: Uint8Array): Uint8Array {
  const file = path.join(FROZEN, name)
  if (WRITE && !fs.existsSync(file)) {
    fs.mkdirSync(FROZEN, { recursive: true })
    fs.writeFileSync(file, now)
  }
  return fs.readFileSync(file)
}

function frozenText(name: string, now: string): string {
  return Buffer.from(frozen(name, Buffer.from(now))).toString('utf8')
}

t.test('record codes: append only', async (t) => {
  const now = [...EFFECT_NAMES].map(([code, name]) => `${code} ${name}\n`)
  const old = frozenText('codes.txt', now.join(''))
  for (const line of old.split('\n').filter((one) => one !== '')) {
    t.ok(now.includes(`${line}\n`), `${line} is still what it was`)
  }
})

t.test('layout constants of this version', async (t) => {
  const now = Object.entries(layout).map(([name, value]) => `${name} ${String(value)}\n`)
  t.equal(frozenText(`layout-${layout.LOG_VERSION}.txt`, now.sort().join('')), now.join(''))
})

const SEGMENT_ID = 0x0123_4567_89ab_cdefn

/** Writes one of everything with fixed ids and times; returns the bytes of shard 0's segment. */
function writeGolden(): Uint8Array {
  const files = new SimFs()
  for (const directory of ['/log', '/log1']) files.mkdir(directory)
  const rows = new Rows(new SharedArrayBuffer(row.rowsByteLength(2)))
  const fixture = new LogFixture({ files, directory: '/log', rows, sliceBytes: 4096 })
  const second = new LogFixture({ files, directory: '/log1', rows, shard: 1, sliceBytes: 4096 })
  Atomics.store(rows.longs, sideLong(0, 0, row.SEGMENT_ID_LONG), SEGMENT_ID)
  // A writer of another thread loads the id that was put into the row.
  const log = fixture.writer(2)
  fixture.attach(log)
  const none = new Uint8Array(0)
  const key = Buffer.from('key\u0000ÿ', 'latin1')
  const value = Buffer.from('value')
  for (const code of [1, 2, 6, 7]) {
    log.append(code, code, 0, key, 0, key.length, value, 0, value.length, code === 1 ? 1e12 : 7)
  }
  for (const code of [3, 4, 5]) log.append(code, 15, 0, key, 0, key.length, none, 0, 0, 1.5e12)
  for (const code of [8, 9]) log.append(code, 0, 0, none, 0, 0, none, 0, 0, 0)
  log.commit(START_MS)
  log.appendLarge(1, 0, 0, -1, key, [Buffer.alloc(1500, 'x'), Buffer.alloc(501, 'y')])
  for (let index = 0; index < 30; index++) fixture.set(`chain${index}`, 'v'.repeat(100), log)
  log.commit(START_MS + 1)
  fixture.set('group', 'a', log)
  second.set('group', 'b')
  commitGroup([log, second.log], START_MS + 2)
  const written = Atomics.load(rows.longs, sideLong(0, 0, row.WRITTEN_LONG))
  Atomics.store(rows.longs, sideLong(0, 0, row.DURABLE_LONG), written)
  log.appendMark(START_MS + 3)
  const bytes = files.contents('/log/segment-000001.ckv')
  const header = decodeSegmentHeader(bytes) as SegmentHeader
  bytes.set(encodeSegmentHeader({ ...header, segmentId: SEGMENT_ID }))
  return bytes
}

t.test('this version writes the golden segment byte for byte', async (t) => {
  const now = writeGolden()
  const golden = frozen(`segment-${layout.LOG_VERSION}.ckv`, now)
  t.equal(Buffer.compare(now, golden), 0)
})

t.test('golden segments of every version are read', async (t) => {
  for (let version = 1; version <= layout.LOG_VERSION; version++) {
    const files = new SimFs()
    files.mkdir('/log')
    files.put(
      '/log/segment-000001.ckv',
      fs.readFileSync(path.join(FROZEN, `segment-${version}.ckv`)),
    )
    const { scan } = recover(files, '/log')
    t.equal(scan.torn, null)
    t.equal(scan.groups.length, 0, 'the mark says that the group is durable')
    const records = `${replayTexts(files, scan).join('\n')}\n`
    t.equal(frozenText(`segment-${version}.records.txt`, records), records)
    const lines = [...dumpSegment(files, '/log/segment-000001.ckv', { values: false })]
    const dump = `${lines.join('\n')}\n`
    t.equal(frozenText(`segment-${version}.dump.txt`, dump), dump)
  }
})

t.test('a newer format is refused by name, not called damage', async (t) => {
  const bytes = writeGolden()
  const header = decodeSegmentHeader(bytes)
  if (typeof header === 'string') throw new Error(header)
  const { checksum } = await import('../../src/log/checksum.ts')
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  view.setUint16(layout.SEGMENT_VERSION_BYTE, layout.LOG_VERSION + 1, true)
  view.setBigUint64(0, checksum(bytes, 8, layout.SEGMENT_HEADER_BYTES - 8, 0n), true)
  const files = new SimFs()
  files.mkdir('/log')
  files.put('/log/segment-000001.ckv', bytes)
  t.throws(() => recover(files, '/log'), { code: 'LOG_VERSION' })
})
