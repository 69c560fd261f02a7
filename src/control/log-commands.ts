// `ckv log verify <directory>` and `ckv log dump <segment>`: looking at the files of a stopped
// server (or a copy). They change nothing.

import { CkvError } from '../base/errors.ts'
import { loadHasher } from '../log/checksum.ts'
import { dumpSegment } from '../log/dump.ts'
import { NodeLogFs } from '../log/files.ts'
import { verdictLines, verifyLog } from '../log/verify.ts'

const USAGE = 'ckv log verify <data directory> | ckv log dump <segment file> [--values]'

/** A log that is damaged, and one whose tail would be cut, differ from a clean one. */
const EXIT_CLEAN = 0
const EXIT_DAMAGED = 1
const EXIT_TORN = 2

/** Returns the exit code. Throws CkvError for wrong words and unreadable files. */
export async function runLogCommand(
  argv: readonly string[],
  print: (line: string) => void,
): Promise<number> {
  const [verb, path, ...rest] = argv
  const values = rest.length === 1 && rest[0] === '--values'
  if (path === undefined || (rest.length > 0 && !(verb === 'dump' && values))) {
    throw new CkvError('USAGE', `usage: ${USAGE}`)
  }
  await loadHasher()
  const files = new NodeLogFs()
  if (files.stat(path) === null) throw new CkvError('USAGE', `there is no '${path}'`)
  if (verb === 'verify') return verify(files, path, print)
  if (verb !== 'dump') throw new CkvError('USAGE', `usage: ${USAGE}`)
  for (const line of dumpSegment(files, path, { values })) print(line)
  return EXIT_CLEAN
}

function verify(files: NodeLogFs, directory: string, print: (line: string) => void): number {
  const verdict = verifyLog(files, directory)
  for (const line of verdictLines(verdict)) print(line)
  if (!verdict.usable) return EXIT_DAMAGED
  return verdict.clean ? EXIT_CLEAN : EXIT_TORN
}
