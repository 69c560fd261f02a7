// The rooms of src and the floors they stand on. A file imports from lower floors and from its own
// room; never sideways on its floor, never upward. main.ts stands above all.

import { type Problem, type Project, resolveRelative } from './source.ts'

export const FLOORS: readonly (readonly string[])[] = [
  ['base'],
  ['rows', 'rdb'],
  ['catalog', 'wire', 'memory', 'log', 'counters', 'options', 'dispatch'],
  ['ring', 'keyspace'],
  ['command', 'recovery', 'pubsub'],
  ['executor'],
  ['monitor'],
  ['acceptor', 'shard', 'sync'],
  ['control'],
]

const README_LINES_MAX = 40
const LIST = 'FLOORS in test/support/tidy/floors.ts'

function roomOf(path: string): string | undefined {
  const [top, room, file] = path.split('/')
  return top === 'src' && file !== undefined ? room : undefined
}

function floorOf(room: string): number {
  return FLOORS.findIndex((rooms) => rooms.includes(room))
}

export function arrowProblems(project: Project): Problem[] {
  const problems: Problem[] = []
  for (const file of project.files.values()) {
    if (!file.path.startsWith('src/')) continue
    for (const { specifier, line } of file.imports) {
      if (!specifier.startsWith('.')) continue
      const message = arrowMessage(file.path, resolveRelative(file.path, specifier))
      if (message !== undefined) problems.push({ path: file.path, line, message })
    }
  }
  return problems
}

function arrowMessage(from: string, target: string): string | undefined {
  if (!target.startsWith('src/')) {
    return `imports ${target}: src stands alone, move what it needs into src`
  }
  const fromRoom = roomOf(from)
  const targetRoom = roomOf(target)
  if (fromRoom === undefined || fromRoom === targetRoom) return undefined
  if (targetRoom === undefined) return `imports ${target}: nothing may import the entry`
  const fromFloor = floorOf(fromRoom)
  const targetFloor = floorOf(targetRoom)
  if (targetFloor < fromFloor) return undefined
  return (
    `imports ${target}: ${fromRoom} is on floor ${fromFloor}, ${targetRoom} on ${targetFloor}; ` +
    'only lower floors and the own room are allowed: move the code down, or hand the value in'
  )
}

export function roomProblems(project: Project): Problem[] {
  const rooms = new Set<string>()
  for (const path of project.files.keys()) {
    const room = roomOf(path)
    if (room !== undefined) rooms.add(room)
  }
  return [...rooms].flatMap((room) => problemsOfRoom(project, room))
}

function problemsOfRoom(project: Project, room: string): Problem[] {
  const problems: Problem[] = []
  const path = `src/${room}/README.md`
  if (floorOf(room) === -1) {
    problems.push({ path: `src/${room}`, line: 0, message: `is on no floor: add it to ${LIST}` })
  }
  const readme = project.files.get(path)
  if (readme === undefined) {
    const message = 'is missing: write its purpose, thread, allowed imports and invariants'
    problems.push({ path, line: 0, message })
  } else if (readme.lines.length > README_LINES_MAX + 1) {
    const message = `has ${readme.lines.length} lines, ${README_LINES_MAX} are allowed: shorten it`
    problems.push({ path, line: 0, message })
  }
  return problems
}
