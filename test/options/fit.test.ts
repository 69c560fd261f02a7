// What does not fit the machine: refused where it cannot work, said where it can go wrong later.

import t from 'tap'
import type { Machine } from '../../src/options/derived.ts'
import { checkFileLimit, fitWarnings } from '../../src/options/fit.ts'
import { parseOptions } from '../../src/options/parse.ts'

const GIGABYTE = 1024 ** 3
const MACHINE: Machine = {
  cores: 2,
  memoryBytes: 16 * GIGABYTE,
  cgroupMemoryBytes: undefined,
  fileLimit: undefined,
}

function parse(machine: Machine, ...argv: string[]) {
  const readFile = (): never => t.fail('no file is read') as never
  const parsed = parseOptions({ argv, environment: {}, readFile, machine, version: '0' })
  if (parsed.kind !== 'run') throw new Error(parsed.kind)
  return parsed
}

function warningsOf(machine: Machine, ...argv: string[]): string[] {
  const { options, sources } = parse(machine, ...argv)
  return fitWarnings(options, sources, machine)
}

t.test('defaults fit', async (t) => {
  t.same(warningsOf(MACHINE), [])
  t.same(warningsOf({ ...MACHINE, fileLimit: 65_536 }), [])
  t.same(warningsOf({ ...MACHINE, cgroupMemoryBytes: GIGABYTE }), [])
})

t.test('a low file limit lowers maxclients, and that is said', async (t) => {
  const [line, ...others] = warningsOf({ ...MACHINE, fileLimit: 1024 })
  t.same(others, [])
  t.match(line, /^10000 clients with 4 shards need 10084 open files, but the limit is 1024/)
  t.match(line, /reduced to 940; raise the limit with ulimit -n$/)
  t.same(warningsOf({ ...MACHINE, fileLimit: 1024 }, '--maxclients', '100'), [], 'as asked')
})

t.test('a file limit that leaves nobody is refused', async (t) => {
  const machine = { ...MACHINE, fileLimit: 1024 }
  const { options, sources } = parse(machine)
  t.doesNotThrow(() => checkFileLimit(options, sources, machine))
  const tight = { ...machine, fileLimit: 91 }
  t.throws(() => checkFileLimit(options, sources, tight), {
    message:
      '8 clients, the least that is served, with 4 shards needs 92 open files, ' +
      'but the limit is 91: lower --shards or raise it (ulimit -n)',
  })
  t.doesNotThrow(() => checkFileLimit(options, sources, { ...machine, fileLimit: 92 }))
})

t.test('shards that together are larger than the memory are said', async (t) => {
  const argv = ['--shards', '128', '--shard-memory', '16gb']
  const [line, ...others] = warningsOf(MACHINE, ...argv)
  t.same(others, [])
  t.match(line, /^128 shards of 16 GB may grow to 2048 GB, but this machine has 16 GB: /)
  const [limited] = warningsOf({ ...MACHINE, cgroupMemoryBytes: 2.5 * GIGABYTE }, ...argv)
  t.match(limited, /but this control group has 2\.5 GB: /)
})
