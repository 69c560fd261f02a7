// Which places of src may touch the machine: sockets, files, threads, sleeping, shared memory, time
// and chance. Everything else gets them handed in, which is what makes it testable.

import { builtinModules } from 'node:module'
import {
  type AnyNode,
  lineOf,
  type Problem,
  type Project,
  type SourceFile,
  walk,
} from './source.ts'

interface Place {
  /** Prefixes of paths that may. */
  allowed: string[]
  remedy: string
}

const FILE_ROOMS = ['src/log/', 'src/recovery/', 'src/sync/', 'src/control/']

const MODULES: Record<string, Place> = {
  'node:net': { allowed: ['src/acceptor/'], remedy: 'only acceptor owns sockets' },
  'node:fs': { allowed: FILE_ROOMS, remedy: 'only log, recovery, sync and control touch files' },
  'node:fs/promises': {
    allowed: FILE_ROOMS,
    remedy: 'only log, recovery, sync and control touch files',
  },
}

const CLOCK: Place = { allowed: ['src/base/clock.ts'], remedy: 'take a Clock of base/clock.ts' }
const BELL: Place = {
  allowed: ['src/ring/bell.ts'],
  remedy: 'sleeping and waking is only right in one way: use ring/bell.ts',
}

/** Members of globals: `object.property`. */
const MEMBERS: Record<string, Place> = {
  'Date.now': CLOCK,
  'performance.now': CLOCK,
  'performance.timeOrigin': CLOCK,
  'process.hrtime': CLOCK,
  'Atomics.wait': BELL,
  'Atomics.waitAsync': BELL,
  'Atomics.notify': BELL,
  'Math.random': {
    allowed: [],
    remedy: 'take a generator of base/random.ts, seeded by the caller',
  },
}

/** Constructors. */
const CONSTRUCTORS: Record<string, Place> = {
  Worker: { allowed: ['src/control/threads.ts'], remedy: 'only control/threads.ts starts threads' },
  SharedArrayBuffer: {
    allowed: ['src/control/plan.ts'],
    remedy: 'all memory is planned at start: make it in control/plan.ts',
  },
  Date: CLOCK,
}

export function placeProblems(project: Project): Problem[] {
  const problems: Problem[] = []
  for (const file of project.files.values()) {
    if (!file.path.startsWith('src/')) continue
    problems.push(...moduleProblems(file), ...callProblems(file))
  }
  return problems
}

function moduleProblems(file: SourceFile): Problem[] {
  return file.imports.flatMap(({ specifier, line }) => {
    if (builtinModules.includes(specifier) && !specifier.startsWith('node:')) {
      return [{ path: file.path, line, message: `imports ${specifier}: write node:${specifier}` }]
    }
    return breach(file, line, specifier, MODULES[specifier])
  })
}

function callProblems(file: SourceFile): Problem[] {
  const problems: Problem[] = []
  walk(file.tree, (node) => {
    if (node.type === 'MemberExpression') {
      const name = memberName(node)
      problems.push(...breach(file, lineOf(node), name, placeOf(MEMBERS, name)))
    } else if (node.type === 'NewExpression') {
      const name = identifierName(node.callee)
      // A Date made of a given time only formats it.
      if (name === 'Date' && (node.arguments as unknown[]).length > 0) return
      problems.push(...breach(file, lineOf(node), `new ${name}`, placeOf(CONSTRUCTORS, name)))
    }
  })
  return problems
}

function placeOf(places: Record<string, Place>, name: string): Place | undefined {
  return Object.hasOwn(places, name) ? places[name] : undefined
}

function memberName(node: AnyNode): string {
  return `${identifierName(node.object)}.${identifierName(node.property)}`
}

function identifierName(node: unknown): string {
  const { type, name } = node as { type?: string; name?: string }
  return type === 'Identifier' ? (name ?? '') : ''
}

function breach(file: SourceFile, line: number, what: string, place: Place | undefined): Problem[] {
  if (place === undefined) return []
  if (place.allowed.some((prefix) => file.path.startsWith(prefix))) return []
  return [{ path: file.path, line, message: `uses ${what}: ${place.remedy}` }]
}
