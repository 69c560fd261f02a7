// A disk in memory for crash tests. What was not synced can be lost, kept, or torn in sectors of
// 512 bytes; names that were not synced can be lost; the disk can be full or fail.
//
//   every inode: bytes as the process sees them + bytes as the platter has them + dirty sectors
//   every directory: names as seen + names on the platter + pending changes in order

import { SeededRandom } from '../../src/base/random.ts'
import type { FileStat, LogFs, OpenFlags } from '../../src/log/files.ts'

const SECTOR_BYTES = 512

/** Thrown at the chosen operation: the process is gone. Has no errno code on purpose. */
export class SimCrash extends Error {
  override name = 'SimCrash'
}

class SimError extends Error {
  readonly code: string

  constructor(code: string, text: string) {
    super(`${code}: ${text}`)
    this.code = code
  }
}

class SimFile {
  bytes = new Uint8Array(0)
  length = 0
  platter = new Uint8Array(0)
  readonly dirty = new Set<number>()

  grow(length: number): void {
    if (length > this.bytes.byteLength) {
      const grown = new Uint8Array(Math.max(length, this.bytes.byteLength * 2))
      grown.set(this.bytes.subarray(0, this.length))
      this.bytes = grown
    }
    if (length > this.length) this.length = length
  }

  sync(): void {
    this.platter = this.bytes.slice(0, this.length)
    this.dirty.clear()
  }
}

type Change = readonly (readonly [string, SimNode | null])[]

class SimDirectory {
  readonly names = new Map<string, SimNode>()
  readonly platter = new Map<string, SimNode>()
  pending: Change[] = []

  change(change: Change): void {
    for (const [name, node] of change) {
      if (node === null) this.names.delete(name)
      else this.names.set(name, node)
    }
    this.pending.push(change)
  }

  sync(): void {
    this.platter.clear()
    for (const [name, node] of this.names) this.platter.set(name, node)
    this.pending = []
  }
}

type SimNode = SimFile | SimDirectory

/**
 * What a crash leaves of unsynced bytes and names.
 * `kill`: all (the kernel lives). `lost`: nothing. `prefix`: of each file's and directory's changes
 * a random prefix, sectors whole. `reordered`: each sector new or old, each change by a coin, which
 * is what a disk may do that writes sectors whole. `any`: also sectors of garbage.
 */
export type CrashMode = 'kill' | 'lost' | 'prefix' | 'reordered' | 'any'

export class SimFs implements LogFs {
  #root = new SimDirectory()
  readonly #open = new Map<number, { file: SimFile; path: string }>()
  #nextFd = 3
  operations = 0
  /** The operation with this number (from 1) and all later ones throw SimCrash; 0 = never. */
  crashAt = 0
  /** Bytes by which files may still grow. */
  freeBytes = Number.POSITIVE_INFINITY
  /** Returns an errno code to make an operation fail, or ''. */
  fault: (operation: string, path: string) => string = () => ''
  /** Largest number of bytes one write takes. */
  writeBytesMax = Number.POSITIVE_INFINITY

  #step(operation: string, path: string): void {
    this.operations++
    // A dead process does nothing more, also where the code under test catches errors.
    if (this.crashAt > 0 && this.operations >= this.crashAt) {
      throw new SimCrash(`${operation} ${path}`)
    }
    const code = this.fault(operation, path)
    if (code !== '') throw new SimError(code, `${operation} ${path}`)
  }

  #find(path: string): SimNode | undefined {
    let node: SimNode | undefined = this.#root
    for (const name of path.split('/').filter((part) => part !== '')) {
      if (!(node instanceof SimDirectory)) return undefined
      node = node.names.get(name)
    }
    return node
  }

  #directory(path: string): SimDirectory {
    const node = this.#find(path)
    if (!(node instanceof SimDirectory)) throw new SimError('ENOENT', path)
    return node
  }

  #parent(path: string): { directory: SimDirectory; name: string } {
    const cut = path.lastIndexOf('/')
    return { directory: this.#directory(path.slice(0, cut)), name: path.slice(cut + 1) }
  }

  #opened(fd: number): { file: SimFile; path: string } {
    const opened = this.#open.get(fd)
    if (opened === undefined) throw new SimError('EBADF', String(fd))
    return opened
  }

  open(path: string, flags: OpenFlags): number {
    this.#step('open', path)
    const { directory, name } = this.#parent(path)
    let node = directory.names.get(name)
    if (node instanceof SimDirectory) throw new SimError('EISDIR', path)
    if (node !== undefined && flags === 'wx') throw new SimError('EEXIST', path)
    if (node === undefined) {
      if (flags === 'r' || flags === 'r+') throw new SimError('ENOENT', path)
      node = new SimFile()
      directory.change([[name, node]])
    } else if (flags === 'w') {
      this.#truncate(node, 0)
    }
    const fd = this.#nextFd++
    this.#open.set(fd, { file: node, path })
    return fd
  }

  writeSync(fd: number, bytes: Uint8Array, start: number, length: number, position: number) {
    const { file, path } = this.#opened(fd)
    this.#step('write', path)
    let taken = Math.min(length, this.writeBytesMax)
    const growth = Math.max(0, position + taken - file.length)
    if (growth > this.freeBytes) taken -= growth - this.freeBytes
    if (taken <= 0) throw new SimError('ENOSPC', path)
    this.freeBytes -= Math.max(0, position + taken - file.length)
    file.grow(position + taken)
    file.bytes.set(bytes.subarray(start, start + taken), position)
    const last = Math.floor((position + taken - 1) / SECTOR_BYTES)
    for (let sector = Math.floor(position / SECTOR_BYTES); sector <= last; sector++) {
      file.dirty.add(sector)
    }
    return taken
  }

  writevSync(fd: number, views: readonly Uint8Array[], position: number): number {
    let taken = 0
    for (const view of views) {
      let wrote = 0
      try {
        wrote = this.writeSync(fd, view, 0, view.byteLength, position + taken)
      } catch (error) {
        if (taken > 0 && !(error instanceof SimCrash)) return taken
        throw error
      }
      taken += wrote
      if (wrote < view.byteLength) break
    }
    return taken
  }

  read(fd: number, bytes: Uint8Array, start: number, length: number, position: number): number {
    const { file } = this.#opened(fd)
    const taken = Math.max(0, Math.min(length, file.length - position))
    bytes.set(file.bytes.subarray(position, position + taken), start)
    return taken
  }

  fdatasync(fd: number): void {
    const { file, path } = this.#opened(fd)
    this.#step('fdatasync', path)
    file.sync()
  }

  fsync(fd: number): void {
    const { file, path } = this.#opened(fd)
    this.#step('fsync', path)
    file.sync()
  }

  ftruncate(fd: number, length: number): void {
    const { file, path } = this.#opened(fd)
    this.#step('ftruncate', path)
    this.#truncate(file, length)
  }

  #truncate(file: SimFile, length: number): void {
    if (length < file.length) this.freeBytes += file.length - length
    file.bytes.fill(0, Math.min(length, file.length), file.length)
    file.grow(length)
    file.length = length
    file.dirty.add(Math.floor(length / SECTOR_BYTES))
  }

  close(fd: number): void {
    this.#opened(fd)
    this.#open.delete(fd)
  }

  rename(from: string, to: string): void {
    this.#step('rename', from)
    const source = this.#parent(from)
    const target = this.#parent(to)
    const node = source.directory.names.get(source.name)
    if (node === undefined) throw new SimError('ENOENT', from)
    if (source.directory !== target.directory) throw new SimError('EXDEV', to)
    source.directory.change([
      [source.name, null],
      [target.name, node],
    ])
  }

  unlink(path: string): void {
    this.#step('unlink', path)
    const { directory, name } = this.#parent(path)
    if (!(directory.names.get(name) instanceof SimFile)) throw new SimError('ENOENT', path)
    directory.change([[name, null]])
  }

  mkdir(path: string): void {
    this.#step('mkdir', path)
    const { directory, name } = this.#parent(path)
    if (directory.names.has(name)) throw new SimError('EEXIST', path)
    directory.change([[name, new SimDirectory()]])
  }

  rmdir(path: string): void {
    this.#step('rmdir', path)
    const { directory, name } = this.#parent(path)
    const node = directory.names.get(name)
    if (!(node instanceof SimDirectory) || node.names.size > 0)
      throw new SimError('ENOTEMPTY', path)
    directory.change([[name, null]])
  }

  readdir(path: string): string[] {
    return [...this.#directory(path).names.keys()].sort()
  }

  stat(path: string): FileStat | null {
    const node = this.#find(path)
    if (node === undefined) return null
    if (node instanceof SimDirectory) return { byteLength: 0, isDirectory: true }
    return { byteLength: node.length, isDirectory: false }
  }

  fsyncDirectory(path: string): void {
    this.#step('fsyncDirectory', path)
    this.#directory(path).sync()
  }

  async fsyncLater(fd: number): Promise<void> {
    this.fsync(fd)
  }

  async fsyncDirectoryLater(path: string): Promise<void> {
    this.fsyncDirectory(path)
  }

  // ── for tests ───────────────────────────────────────────────────────────────────────────────

  get openCount(): number {
    return this.#open.size
  }

  contents(path: string): Uint8Array {
    const node = this.#find(path)
    if (!(node instanceof SimFile)) throw new SimError('ENOENT', path)
    return node.bytes.slice(0, node.length)
  }

  /** Puts a file there, synced. */
  put(path: string, bytes: Uint8Array): void {
    const { directory, name } = this.#parent(path)
    const file = new SimFile()
    file.bytes = bytes.slice()
    file.length = bytes.byteLength
    file.sync()
    directory.change([[name, file]])
    directory.sync()
  }

  /** The disk as the next process finds it. This one stays as it is. */
  afterCrash(mode: CrashMode, seed: number): SimFs {
    const next = new SimFs()
    next.#root = survivingDirectory(this.#root, mode, new SeededRandom(seed), new Map())
    return next
  }
}

function survivingDirectory(
  directory: SimDirectory,
  mode: CrashMode,
  random: SeededRandom,
  seen: Map<SimFile, SimFile>,
): SimDirectory {
  const names = new Map(directory.platter)
  const count = mode === 'prefix' ? random.below(directory.pending.length + 1) : 0
  directory.pending.forEach((change, index) => {
    const kept =
      mode === 'kill' ||
      (mode === 'prefix' && index < count) ||
      ((mode === 'any' || mode === 'reordered') && random.below(2) === 1)
    if (!kept) return
    for (const [name, node] of change) {
      if (node === null) names.delete(name)
      else names.set(name, node)
    }
  })
  const survivor = new SimDirectory()
  for (const [name, node] of names) {
    const copy =
      node instanceof SimDirectory
        ? survivingDirectory(node, mode, random, seen)
        : (seen.get(node) ?? survivingFile(node, mode, random))
    if (copy instanceof SimFile && node instanceof SimFile) seen.set(node, copy)
    survivor.names.set(name, copy)
  }
  survivor.sync()
  return survivor
}

function survivingFile(file: SimFile, mode: CrashMode, random: SeededRandom): SimFile {
  const survivor = new SimFile()
  const now = file.bytes.subarray(0, file.length)
  if (mode === 'kill') survivor.bytes = now.slice()
  else if (mode === 'lost') survivor.bytes = file.platter.slice()
  else survivor.bytes = tornBytes(file, now, mode, random)
  survivor.length = survivor.bytes.byteLength
  survivor.sync()
  return survivor
}

function tornBytes(
  file: SimFile,
  now: Uint8Array,
  mode: CrashMode,
  random: SeededRandom,
): Uint8Array<ArrayBuffer> {
  const before = file.platter
  const low = Math.min(before.byteLength, now.byteLength)
  const high = Math.max(before.byteLength, now.byteLength)
  const length = low + random.below(high - low + 1)
  const bytes = new Uint8Array(length)
  bytes.set(before.subarray(0, length))
  const sectors = [...file.dirty].sort((left, right) => left - right)
  const prefix = random.below(sectors.length + 1)
  sectors.forEach((sector, index) => {
    const start = sector * SECTOR_BYTES
    const end = Math.min(start + SECTOR_BYTES, length, now.byteLength)
    if (start >= end) return
    const choices = mode === 'reordered' ? 2 : 3
    const choice = mode === 'prefix' ? Number(index < prefix) : random.below(choices)
    if (choice === 1) bytes.set(now.subarray(start, end), start)
    // Torn: garbage, but only where something was being written.
    if (choice === 2) {
      for (let at = Math.max(start, low); at < end; at++) bytes[at] = random.below(256)
    }
  })
  return bytes
}
