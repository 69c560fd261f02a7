// The manifest and the generations: after a crash at any operation exactly the old or the new.

import t from 'tap'
import { dumpSegment } from '../../src/log/dump.ts'
import {
  createGeneration,
  generationDirectory,
  isInstanceId,
  MANIFEST_NAME,
  type Manifest,
  newInstanceId,
  newManifest,
  readManifest,
  removeStaleGenerations,
  shardDirectory,
  switchGeneration,
  writeManifest,
} from '../../src/log/manifest.ts'
import { verdictLines, verifyLog } from '../../src/log/verify.ts'
import { GENERATION, INSTANCE, LogFixture } from '../support/log-fixture.ts'
import { SimFs } from '../support/sim-fs.ts'

const MANIFEST: Manifest = {
  instance: INSTANCE,
  generation: GENERATION,
  shardCount: 2,
  hashKey0: 0xfedc_ba98,
  hashKey1: 17,
}

function dataDisk(): SimFs {
  const files = new SimFs()
  files.mkdir('/data')
  files.fsyncDirectory('/')
  return files
}

t.test('written and read', async (t) => {
  const files = dataDisk()
  t.equal(readManifest(files, '/data'), null)
  writeManifest(files, '/data', MANIFEST)
  t.same(readManifest(files, '/data'), MANIFEST)
  t.same(files.readdir('/data'), [MANIFEST_NAME])
  t.ok(isInstanceId(newInstanceId()))
  t.not(newInstanceId(), newInstanceId())
  t.notOk(isInstanceId('crs-ABCDEFGH'))
  const made = newManifest(newInstanceId(), 128)
  writeManifest(files, '/data', made)
  t.same(readManifest(files, '/data'), made)
})

t.test('every flipped byte and every cut is noticed, and nothing secret is said', async (t) => {
  const files = dataDisk()
  writeManifest(files, '/data', MANIFEST)
  const whole = files.contents(`/data/${MANIFEST_NAME}`)
  let cases = 0
  for (let at = 0; at < whole.length; at++) {
    const flipped = whole.slice()
    flipped[at] ^= 1 << (at % 8)
    for (const bytes of [flipped, whole.subarray(0, at)]) {
      files.put(`/data/${MANIFEST_NAME}`, bytes)
      cases++
      try {
        readManifest(files, '/data')
        t.fail(`damage at ${at} was not noticed`)
      } catch (error) {
        const text = String(error)
        if ((error as { code?: string }).code !== 'MANIFEST') t.fail(text)
        if (text.includes(String(MANIFEST.hashKey0))) t.fail('the hash key was shown')
      }
    }
  }
  t.pass(`${cases} cases`)
})

/** Builds generation 2 beside 1 and switches to it. */
function rebuild(files: SimFs): void {
  createGeneration(files, '/data', 2, 3)
  files.put(`${shardDirectory('/data', 2, 1)}/segment-000001.ckv`, new Uint8Array(9))
  switchGeneration(files, '/data', { ...MANIFEST, generation: 2, shardCount: 3 })
}

function firstGeneration(): SimFs {
  const files = dataDisk()
  createGeneration(files, '/data', 1, 2)
  files.put(`${shardDirectory('/data', 1, 0)}/segment-000001.ckv`, new Uint8Array(7))
  writeManifest(files, '/data', MANIFEST)
  return files
}

t.test('a crash at every operation of a switch leaves the old or the new', async (t) => {
  const counting = firstGeneration()
  const first = counting.operations
  rebuild(counting)
  const last = counting.operations
  t.same(counting.readdir('/data'), ['gen-2', MANIFEST_NAME])
  let cases = 0
  const found = new Set<number>()
  for (let crashAt = first + 1; crashAt <= last + 1; crashAt++) {
    const files = firstGeneration()
    files.crashAt = crashAt
    try {
      rebuild(files)
    } catch (error) {
      if ((error as Error).name !== 'SimCrash') throw error
    }
    for (let seed = 0; seed < 12; seed++) {
      const mode = (['kill', 'lost', 'prefix', 'any'] as const)[seed % 4]
      const disk = files.afterCrash(mode, crashAt * 100 + seed)
      cases++
      const manifest = readManifest(disk, '/data')
      const generation = manifest?.generation ?? 0
      found.add(generation)
      const file = generation === 1 ? shardDirectory('/data', 1, 0) : shardDirectory('/data', 2, 1)
      const size = disk.stat(`${file}/segment-000001.ckv`)?.byteLength
      if (size !== (generation === 1 ? 7 : 9))
        t.fail(`${mode} at ${crashAt}: ${generation} is torn`)
      if (manifest === null) continue
      // What is left over goes away, and the switch can be made again.
      removeStaleGenerations(disk, '/data', manifest)
      const other = generation === 1 ? 2 : 1
      if (disk.stat(generationDirectory('/data', other)) !== null)
        t.fail('a stale generation stays')
      if (generation === 1) rebuild(disk)
      if (readManifest(disk, '/data')?.generation !== 2) t.fail('no second try')
    }
  }
  t.same([...found].sort(), [1, 2])
  t.pass(`${cases} crashes`)
})

t.test('verify and dump speak for people', async (t) => {
  const files = dataDisk()
  createGeneration(files, '/data', 1, 2)
  writeManifest(files, '/data', MANIFEST)
  const logs = [0, 1].map((shard) => {
    return new LogFixture({ files, shard, directory: shardDirectory('/data', 1, shard) })
  })
  logs[0].set('key\u0001"', 'secret value')
  logs[0].commit()
  const sound = verifyLog(files, '/data')
  t.ok(sound.usable && sound.clean)
  t.equal([...verdictLines(sound)].at(-1), 'clean')
  const path = `${shardDirectory('/data', 1, 0)}/segment-000001.ckv`
  const lines = [...dumpSegment(files, path, { values: false })]
  t.equal(lines.length, 3)
  t.match(lines[2], 'string-set db 0 "key\\x01\\x22" number -1 value of 12 bytes')
  t.notMatch(lines.join(), 'secret')
  t.match([...dumpSegment(files, path, { values: true })].join(), 'secret value')
  const bytes = files.contents(path)
  files.put(path, Buffer.concat([bytes, Buffer.from('torn')]))
  const torn = verifyLog(files, '/data')
  t.ok(torn.usable && !torn.clean)
  t.match([...verdictLines(torn)].join('\n'), /torn tail.*4 bytes/)
  t.match([...dumpSegment(files, path, { values: false })].at(-1), /offset \d+: block header/)
  const broken = bytes.slice()
  broken[20] ^= 1
  files.put(path, broken)
  const damaged = verifyLog(files, '/data')
  t.notOk(damaged.usable)
  t.match([...verdictLines(damaged)].join('\n'), /shard 0: DAMAGED.*segment-000001.ckv at offset 0/)
  t.match([...dumpSegment(files, path, { values: false })].join(), 'wrong checksum')
  t.throws(() => verifyLog(files, '/'), { code: 'MANIFEST' })
})
