// The only way this room reaches a disk, so that tests can put a simulated disk in its place
// (lost, torn and reordered writes, full, failing). Descriptors are process-wide numbers: one
// thread opens, another writes, a third syncs. A worker thread that opens descriptors for others
// must be started with `trackUnmanagedFds: false`, or its end would close them.

import fs from 'node:fs'
import { promisify } from 'node:util'
import { assert } from '../base/assert.ts'

export type OpenFlags = 'r' | 'r+' | 'w' | 'wx'

export interface LogFs {
  /** `r` read, `r+` also write, `w` create or empty, `wx` create, fail if there. Throws, as all. */
  open(path: string, flags: OpenFlags): number
  /** Returns the bytes taken, which may be fewer than `length`. */
  writeSync(fd: number, bytes: Uint8Array, start: number, length: number, position: number): number
  writevSync(fd: number, views: readonly Uint8Array[], position: number): number
  /** Returns the bytes read, 0 at the end of the file. */
  read(fd: number, bytes: Uint8Array, start: number, length: number, position: number): number
  fdatasync(fd: number): void
  fsync(fd: number): void
  ftruncate(fd: number, length: number): void
  close(fd: number): void
  rename(from: string, to: string): void
  unlink(path: string): void
  mkdir(path: string): void
  rmdir(path: string): void
  /** Names, sorted. */
  readdir(path: string): string[]
  /** null when there is nothing of that name. */
  stat(path: string): FileStat | null
  /** Makes the names in a directory survive a power cut. */
  fsyncDirectory(path: string): void
  /** The same two without blocking this thread: many at once share their cost. */
  fsyncLater(fd: number): Promise<void>
  fsyncDirectoryLater(path: string): Promise<void>
}

export interface FileStat {
  readonly byteLength: number
  readonly isDirectory: boolean
}

const fsyncInPool = promisify(fs.fsync)

/** The machine's files. */
export class NodeLogFs implements LogFs {
  open(path: string, flags: OpenFlags): number {
    return fs.openSync(path, flags, 0o600)
  }

  writeSync(fd: number, bytes: Uint8Array, start: number, length: number, position: number) {
    return fs.writeSync(fd, bytes, start, length, position)
  }

  writevSync(fd: number, views: readonly Uint8Array[], position: number): number {
    return fs.writevSync(fd, views as Uint8Array[], position)
  }

  read(fd: number, bytes: Uint8Array, start: number, length: number, position: number): number {
    return fs.readSync(fd, bytes, start, length, position)
  }

  fdatasync(fd: number): void {
    fs.fdatasyncSync(fd)
  }

  fsync(fd: number): void {
    fs.fsyncSync(fd)
  }

  ftruncate(fd: number, length: number): void {
    fs.ftruncateSync(fd, length)
  }

  close(fd: number): void {
    fs.closeSync(fd)
  }

  rename(from: string, to: string): void {
    fs.renameSync(from, to)
  }

  unlink(path: string): void {
    fs.unlinkSync(path)
  }

  mkdir(path: string): void {
    fs.mkdirSync(path, { mode: 0o700 })
  }

  rmdir(path: string): void {
    fs.rmdirSync(path)
  }

  readdir(path: string): string[] {
    return fs.readdirSync(path).sort()
  }

  stat(path: string): FileStat | null {
    const found = fs.statSync(path, { throwIfNoEntry: false })
    if (found === undefined) return null
    return { byteLength: found.size, isDirectory: found.isDirectory() }
  }

  fsyncDirectory(path: string): void {
    const fd = fs.openSync(path, 'r')
    try {
      fs.fsyncSync(fd)
    } finally {
      fs.closeSync(fd)
    }
  }

  async fsyncLater(fd: number): Promise<void> {
    await fsyncInPool(fd)
  }

  async fsyncDirectoryLater(path: string): Promise<void> {
    const fd = fs.openSync(path, 'r')
    try {
      await fsyncInPool(fd)
    } finally {
      fs.closeSync(fd)
    }
  }
}

/** Writes all bytes, going on after short writes. Throws when the system does. */
export function writeFully(
  files: LogFs,
  fd: number,
  bytes: Uint8Array,
  start: number,
  length: number,
  position: number,
): void {
  let done = 0
  while (done < length) {
    const taken = files.writeSync(fd, bytes, start + done, length - done, position + done)
    assert(taken > 0 && taken <= length - done, 'a write takes at least one byte or throws')
    done += taken
  }
}

/** The same for several views behind each other. */
export function writeViewsFully(
  files: LogFs,
  fd: number,
  views: readonly Uint8Array[],
  position: number,
): void {
  let left = views.filter((view) => view.byteLength > 0)
  let at = position
  while (left.length > 0) {
    let taken = files.writevSync(fd, left, at)
    assert(taken > 0, 'a write takes at least one byte or throws')
    at += taken
    let whole = 0
    while (whole < left.length && taken >= left[whole].byteLength) {
      taken -= left[whole].byteLength
      whole++
    }
    left = left.slice(whole)
    if (taken > 0) left[0] = left[0].subarray(taken)
  }
}

/** Reads until `length` bytes or the end of the file; returns the bytes read. */
export function readFully(
  files: LogFs,
  fd: number,
  bytes: Uint8Array,
  start: number,
  length: number,
  position: number,
): number {
  let done = 0
  while (done < length) {
    const taken = files.read(fd, bytes, start + done, length - done, position + done)
    if (taken === 0) break
    done += taken
  }
  return done
}

/** Writes a whole new file and makes its bytes durable; its name is the caller's affair. */
export function writeWholeFile(files: LogFs, path: string, bytes: Uint8Array): void {
  const fd = files.open(path, 'w')
  try {
    writeFully(files, fd, bytes, 0, bytes.byteLength, 0)
    files.fsync(fd)
  } finally {
    files.close(fd)
  }
}

/** The whole file; null when it does not exist. */
export function readWholeFile(files: LogFs, path: string): Uint8Array | null {
  const stat = files.stat(path)
  if (stat === null) return null
  const bytes = new Uint8Array(stat.byteLength)
  const fd = files.open(path, 'r')
  try {
    return bytes.subarray(0, readFully(files, fd, bytes, 0, bytes.byteLength, 0))
  } finally {
    files.close(fd)
  }
}
