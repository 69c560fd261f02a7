// A file system for measuring what stands above it: nothing is kept.

import { type LogFs, NodeLogFs } from '../../src/log/files.ts'

/** Takes every byte and every order; only what the writer calls while it runs. */
export class NoFiles extends NodeLogFs implements LogFs {
  override open(): number {
    return 1000
  }
  override writeSync(_fd: number, _bytes: Uint8Array, _start: number, length: number): number {
    return length
  }
  override writevSync(_fd: number, views: readonly Uint8Array[]): number {
    let length = 0
    for (const view of views) length += view.byteLength
    return length
  }
  override fdatasync(): void {}
  override fsync(): void {}
  override ftruncate(): void {}
  override close(): void {}
  override rename(): void {}
  override fsyncDirectory(): void {}
}
