// Loaded into every thread of a server under test (NODE_OPTIONS=--import). What it plants throws
// where no code expects it, so the thread dies:
//
//   CKV_TEST_DIE_WRITING=words   whoever writes log bytes with these words
//   CKV_TEST_DIE_ROLE=role:path  a thread of that role, when it goes to sleep and the file is there

import fs from 'node:fs'
import { workerData } from 'node:worker_threads'

const words = process.env.CKV_TEST_DIE_WRITING
const [role, flagFile] = (process.env.CKV_TEST_DIE_ROLE ?? '').split(':')

if (words !== undefined) {
  // The program's own log is written as text, which is none of this.
  const files = fs as unknown as { writeSync: (fd: number, bytes: Uint8Array | string) => number }
  const write = files.writeSync
  files.writeSync = (fd, bytes, ...rest) => {
    if (ArrayBuffer.isView(bytes)) {
      const { buffer, byteOffset, byteLength } = bytes
      if (Buffer.from(buffer, byteOffset, byteLength).includes(words)) throw new Error('planted')
    }
    return write(fd, bytes, ...rest)
  }
}

if (role !== '' && (workerData as { role?: string } | null)?.role === role) {
  const wait = Atomics.wait as (...parameters: unknown[]) => string
  const waits = Atomics as unknown as { wait: typeof wait }
  waits.wait = (...parameters) => {
    if (fs.existsSync(flagFile)) throw new Error('planted')
    return wait(...parameters)
  }
}
