// manifest.ckv: what a data directory is. The generation it names is the only one that counts; a
// new one (re-partition, rollback) is built beside it and switched to by one rename, so a crash
// leaves exactly the old or the new. Runs on main, at a start and at a switch.
//
//   <data directory>/manifest.ckv
//   <data directory>/gen-1/shards/007/segment-000001.ckv
//
// The file is JSON for people, then one line with its checksum:
//   {
//     "version": 1,
//     "instance": "crs-a1b2c3d4", "generation": 1, "shardCount": 4,
//     "hashKey": [ …, … ]            secret: never in an error, a log line or a reply
//   }
//   xxh64 0123456789abcdef           of everything before this line, seed 0
//
// A new MANIFEST_VERSION: any field that an older program must not ignore, another directory
// layout, another checksum.

import { CkvError } from '../base/errors.ts'
import { SHARDS_MAX } from '../base/limits.ts'
import { secretBytes } from '../base/random.ts'
import { checksum } from './checksum.ts'
import { type LogFs, readWholeFile, writeWholeFile } from './files.ts'
import { SEGMENT_HEADER_BYTES } from './layout.ts'

export const MANIFEST_VERSION = 1
export const MANIFEST_NAME = 'manifest.ckv'

export interface Manifest {
  /** `crs-` and 8 lower-case letters or digits. */
  readonly instance: string
  /** From 1. */
  readonly generation: number
  readonly shardCount: number
  /** Key of the key hash: two unsigned 32-bit words. Secret. */
  readonly hashKey0: number
  readonly hashKey1: number
}

const INSTANCE_PATTERN = /^crs-[a-z0-9]{8}$/
const GENERATION_PATTERN = /^gen-(\d{1,9})$/
const INSTANCE_LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789'

/** `crs-` and 8 random letters or digits. */
export function newInstanceId(): string {
  let id = 'crs-'
  while (id.length < 12) {
    // 252 = 7 × 36: larger bytes would make the first letters likelier.
    for (const byte of secretBytes(16)) {
      if (byte < 252 && id.length < 12) id += INSTANCE_LETTERS[byte % INSTANCE_LETTERS.length]
    }
  }
  return id
}

export function isInstanceId(text: string): boolean {
  return INSTANCE_PATTERN.test(text)
}

/** A manifest for an empty data directory. */
export function newManifest(instance: string, shardCount: number): Manifest {
  const key = secretBytes(8)
  const view = new DataView(key.buffer, key.byteOffset, 8)
  return {
    instance,
    generation: 1,
    shardCount,
    hashKey0: view.getUint32(0, true),
    hashKey1: view.getUint32(4, true),
  }
}

/** null: there is none. Throws CkvError MANIFEST when it is damaged or of a newer program. */
export function readManifest(files: LogFs, directory: string): Manifest | null {
  const path = `${directory}/${MANIFEST_NAME}`
  const bytes = readWholeFile(files, path)
  if (bytes === null) return null
  const text = Buffer.from(bytes).toString('utf8')
  const sumAt = text.lastIndexOf('\nxxh64 ') + 1
  if (sumAt === 0 || text.slice(sumAt) !== checksumLine(text.slice(0, sumAt))) {
    throw new CkvError('MANIFEST', `${path} is damaged (wrong checksum)`)
  }
  const fields = JSON.parse(text.slice(0, sumAt)) as Record<string, unknown>
  if (fields.version !== MANIFEST_VERSION) {
    throw new CkvError(
      'MANIFEST',
      `${path} has version ${String(fields.version)}; this program reads ${MANIFEST_VERSION}`,
    )
  }
  const hashKey = fields.hashKey as number[]
  const manifest: Manifest = {
    instance: String(fields.instance),
    generation: Number(fields.generation),
    shardCount: Number(fields.shardCount),
    hashKey0: Number(hashKey?.[0]),
    hashKey1: Number(hashKey?.[1]),
  }
  const problem = manifestProblem(manifest)
  if (problem !== null) throw new CkvError('MANIFEST', `${path}: ${problem}`)
  return manifest
}

function manifestProblem(manifest: Manifest): string | null {
  if (!isInstanceId(manifest.instance)) return 'instance is not crs- and 8 letters or digits'
  if (!Number.isInteger(manifest.generation) || manifest.generation < 1) return 'bad generation'
  const shards = manifest.shardCount
  if (!Number.isInteger(shards) || shards < 1 || shards > SHARDS_MAX) return 'bad shard count'
  return isWord(manifest.hashKey0) && isWord(manifest.hashKey1) ? null : 'bad hash key'
}

function isWord(value: number): boolean {
  return Number.isInteger(value) && value >= 0 && value <= 0xffff_ffff
}

function checksumLine(text: string): string {
  const bytes = Buffer.from(text, 'utf8')
  return `xxh64 ${checksum(bytes, 0, bytes.byteLength, 0n).toString(16).padStart(16, '0')}\n`
}

/** Puts a manifest in place for good. After a crash the old or the new one is there, whole. */
export function writeManifest(files: LogFs, directory: string, manifest: Manifest): void {
  const fields = {
    version: MANIFEST_VERSION,
    instance: manifest.instance,
    generation: manifest.generation,
    shardCount: manifest.shardCount,
    hashKey: [manifest.hashKey0, manifest.hashKey1],
  }
  const text = `${JSON.stringify(fields, null, 2)}\n`
  const path = `${directory}/${MANIFEST_NAME}`
  writeWholeFile(files, `${path}.tmp`, Buffer.from(text + checksumLine(text), 'utf8'))
  files.rename(`${path}.tmp`, path)
  files.fsyncDirectory(directory)
}

/**
 * A file with records in a directory that has no manifest, or null. A manifest is durable before
 * the first record is written, so no crash leads there: somebody lost it.
 */
export function recordsWithoutManifest(files: LogFs, directory: string): string | null {
  for (const name of files.readdir(directory)) {
    if (!GENERATION_PATTERN.test(name)) continue
    const shards = `${directory}/${name}/shards`
    if (!files.stat(shards)?.isDirectory) continue
    for (const shard of files.readdir(shards)) {
      for (const file of files.readdir(`${shards}/${shard}`)) {
        const path = `${shards}/${shard}/${file}`
        if ((files.stat(path)?.byteLength ?? 0) > SEGMENT_HEADER_BYTES) return path
      }
    }
  }
  return null
}

// ── generations ───────────────────────────────────────────────────────────────────────────────

export function generationDirectory(directory: string, generation: number): string {
  return `${directory}/gen-${generation}`
}

/** Where one shard's segments lie. */
export function shardDirectory(directory: string, generation: number, shard: number): string {
  return `${generationDirectory(directory, generation)}/shards/${String(shard).padStart(3, '0')}`
}

/**
 * Makes the empty directories of a generation, durable. What an unfinished try left under the same
 * number is removed first, so the number must not be the manifest's.
 */
export function createGeneration(
  files: LogFs,
  directory: string,
  generation: number,
  shardCount: number,
): void {
  const root = generationDirectory(directory, generation)
  if (files.stat(root) !== null) removeTree(files, root)
  files.mkdir(root)
  files.mkdir(`${root}/shards`)
  for (let shard = 0; shard < shardCount; shard++) {
    files.mkdir(shardDirectory(directory, generation, shard))
  }
  files.fsyncDirectory(`${root}/shards`)
  files.fsyncDirectory(root)
  files.fsyncDirectory(directory)
}

/** Makes a finished generation (all of it synced) the one that counts, then removes all others. */
export function switchGeneration(files: LogFs, directory: string, manifest: Manifest): void {
  writeManifest(files, directory, manifest)
  removeStaleGenerations(files, directory, manifest)
}

/** Removes every generation but the manifest's: left by a crash before or after a switch. */
export function removeStaleGenerations(files: LogFs, directory: string, manifest: Manifest): void {
  let removed = false
  for (const name of files.readdir(directory)) {
    const match = GENERATION_PATTERN.exec(name)
    if (match === null || Number(match[1]) === manifest.generation) continue
    removeTree(files, `${directory}/${name}`)
    removed = true
  }
  if (removed) files.fsyncDirectory(directory)
}

function removeTree(files: LogFs, path: string): void {
  for (const name of files.readdir(path)) {
    const child = `${path}/${name}`
    if (files.stat(child)?.isDirectory) removeTree(files, child)
    else files.unlink(child)
  }
  files.rmdir(path)
}
