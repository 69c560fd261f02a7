// The structure test: rooms and their arrows, places that may touch the machine, sizes, names,
// left-overs, dead files and packages. Each rule is first tried on a planted breach.

import { join } from 'node:path'
import t from 'tap'
import { arrowProblems, roomProblems } from './support/tidy/floors.ts'
import { placeProblems } from './support/tidy/places.ts'
import { deadFileProblems, packageProblems } from './support/tidy/reach.ts'
import { makeProject, type Problem, type Project, readProject } from './support/tidy/source.ts'
import {
  errorTextProblems,
  nameProblems,
  sizeProblems,
  wordProblems,
} from './support/tidy/texts.ts'

const RULES = {
  'imports point down': arrowProblems,
  'every room is known and has a README': roomProblems,
  'sockets, files, threads, time and chance have their places': placeProblems,
  'sizes are bounded': sizeProblems,
  'names are plain': nameProblems,
  'nothing is left over': wordProblems,
  'error texts stand in one file': errorTextProblems,
  'no file is dead': deadFileProblems,
  'packages are listed where they are used': packageProblems,
}

type Rule = (project: Project) => Problem[]

/** A project without a problem. */
const SOUND: Record<string, string> = {
  'package.json': JSON.stringify({
    scripts: { start: 'node scripts/ckv.js', bench: 'node native-free-bench/bench.ts' },
    dependencies: { pino: '10.4.0', node: '26.10.0' },
    devDependencies: { tap: '21.8.0' },
  }),
  'scripts/ckv.js': '#!/usr/bin/env node\n',
  'native-free-bench/bench.ts': 'export {}\n',
  'src/main.ts': "import './control/threads.ts'\n",
  'src/base/README.md': '# base\n',
  'src/base/clock.ts': 'export const now = (): number => Date.now()\n',
  'src/control/README.md': '# control\n',
  'src/control/threads.ts': `import { pino } from 'pino'
import { now } from '../base/clock.ts'
export const start = (): unknown => [now(), pino(), new Worker('./worker.ts')]
`,
  'src/control/worker.ts': 'export {}\n',
  'test/base/clock.test.ts': "import t from 'tap'\nimport '../../src/base/clock.ts'\nt.end()\n",
}

function planted(path: string, text: string): Project {
  return makeProject({ ...SOUND, [path]: text })
}

function longFunction(lineCount: number): string {
  return `export function long(): void {\n${'  start()\n'.repeat(lineCount - 2)}}\n`
}

interface Plant {
  rule: Rule
  project: Project
  says: RegExp
}

/** A file of an existing room that something leads to. */
function inThreads(text: string): Project {
  return planted('src/control/threads.ts', `${SOUND['src/control/threads.ts']}${text}`)
}

function inBase(text: string): Project {
  return planted('src/base/clock.ts', `${text}${SOUND['src/base/clock.ts']}`)
}

const LEFT_OVER = ['TO', 'DO'].join('')
const PLANTS: Record<string, Plant> = {
  'an import upwards': {
    rule: arrowProblems,
    project: inBase("import { start } from '../control/threads.ts'\n"),
    says: /floor 0.*control on 8/,
  },
  'a type import upwards, over several lines': {
    rule: arrowProblems,
    project: inBase("import type {\n  Start,\n} from '../control/threads.ts'\n"),
    says: /floor 0.*control on 8/,
  },
  'an import sideways': {
    rule: arrowProblems,
    project: planted('src/log/a.ts', "export { b } from '../memory/b.ts'\n"),
    says: /only lower floors/,
  },
  'an import out of src': {
    rule: arrowProblems,
    project: inBase("import '../../test/support/a.ts'\n"),
    says: /src stands alone/,
  },
  'an import of the entry': {
    rule: arrowProblems,
    project: inThreads("import '../main.ts'\n"),
    says: /nothing may import the entry/,
  },
  'an unknown room': {
    rule: roomProblems,
    project: makeProject({ ...SOUND, 'src/attic/README.md': '# attic\n', 'src/attic/a.ts': '' }),
    says: /no floor/,
  },
  'a room without a README': {
    rule: roomProblems,
    project: planted('src/log/a.ts', ''),
    says: /is missing/,
  },
  'a README that is a book': {
    rule: roomProblems,
    project: planted('src/base/README.md', 'line\n'.repeat(41)),
    says: /shorten it/,
  },
  'a socket': {
    rule: placeProblems,
    project: inThreads("import { connect } from 'node:net'\n"),
    says: /only acceptor/,
  },
  'a file': {
    rule: placeProblems,
    project: inBase("import { openSync } from 'node:fs'\n"),
    says: /touch files/,
  },
  'a built-in module without its prefix': {
    rule: placeProblems,
    project: inThreads("import { openSync } from 'fs'\n"),
    says: /node:fs/,
  },
  'a thread': {
    rule: placeProblems,
    project: inBase('export const w = new Worker("./a.ts")\n'),
    says: /starts threads/,
  },
  'a sleep': {
    rule: placeProblems,
    project: inThreads('Atomics.wait(words, 0, 0)\n'),
    says: /ring\/bell/,
  },
  'a wake-up': {
    rule: placeProblems,
    project: inThreads('Atomics.notify(words, 0)\n'),
    says: /ring\/bell/,
  },
  'shared memory': {
    rule: placeProblems,
    project: inThreads('export const s = new SharedArrayBuffer(8)\n'),
    says: /control\/plan/,
  },
  'a clock': { rule: placeProblems, project: inThreads('Date.now()\n'), says: /Clock/ },
  'a date of now': { rule: placeProblems, project: inThreads('new Date()\n'), says: /Clock/ },
  'a monotonic clock': {
    rule: placeProblems,
    project: inThreads('const { a } = { a: performance.now() }\n'),
    says: /Clock/,
  },
  chance: { rule: placeProblems, project: inBase('Math.random()\n'), says: /base\/random/ },
  'a long function': {
    rule: sizeProblems,
    project: inThreads(longFunction(71)),
    says: /long has 71 lines/,
  },
  'a long file': {
    rule: sizeProblems,
    project: inBase('// line\n'.repeat(500)),
    says: /two things/,
  },
  'a wide line': {
    rule: sizeProblems,
    project: inBase(`// ${'x'.repeat(98)}\n`),
    says: /101 columns/,
  },
  'a left-over': { rule: wordProblems, project: inBase(`// ${LEFT_OVER}: x\n`), says: /finish it/ },
  'a test alone': {
    rule: wordProblems,
    project: planted('test/base/clock.test.ts', `t.${'only'}('x')\n`),
    says: /every test runs/,
  },
  'an unchecked line': {
    rule: wordProblems,
    project: inBase(`// @ts${'-'}ignore\n`),
    says: /right type/,
  },
  'an ignored lint without a reason': {
    rule: wordProblems,
    project: inBase(`// biome${'-'}ignore lint/a/b\n`),
    says: /reason/,
  },
  'a path of one machine': {
    rule: wordProblems,
    project: inBase(`const a = '/${'home'}/someone/a'\n`),
    says: /path of one machine/,
  },
  'how it was made': {
    rule: wordProblems,
    project: inBase(`// in a later ${'iss'}ue\n`),
    says: /speaks of itself/,
  },
  'an error text in a handler': {
    rule: errorTextProblems,
    project: inThreads("export const e = '-ERR syntax error'\n"),
    says: /wire\/replies/,
  },
  'an error text in a template': {
    rule: errorTextProblems,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: the planted source holds a template
    project: inThreads('export const e = (n) => `ERR unknown command ${n}`\n'),
    says: /wire\/replies/,
  },
  'a dead file': {
    rule: deadFileProblems,
    project: planted('src/base/lost.ts', 'export {}\n'),
    says: /use it or delete it/,
  },
  'a vague file': {
    rule: nameProblems,
    project: planted('src/base/utils.ts', ''),
    says: /says nothing/,
  },
  'a loud file': { rule: nameProblems, project: planted('src/base/Clock.ts', ''), says: /small/ },
  'a name at the top': {
    rule: nameProblems,
    project: planted('docs/a.md', ''),
    says: /top level/,
  },
  'an unlisted package': {
    rule: packageProblems,
    project: inThreads("import { z } from '@a/z/deep'\n"),
    says: /src imports @a\/z/,
  },
  'an unused dependency': {
    rule: packageProblems,
    project: planted('src/control/threads.ts', ''),
    says: /does not import pino/,
  },
  'a floating version': {
    rule: packageProblems,
    project: planted('package.json', (SOUND['package.json'] ?? '').replace('10.4', '^10.4')),
    says: /pin one exact/,
  },
}

function show(problems: Problem[]): string[] {
  return problems.map(({ path, line, message }) => `${path}${line ? `:${line}` : ''} ${message}`)
}

t.test('a sound project has no problem', async (t) => {
  const project = makeProject(SOUND)
  for (const [name, rule] of Object.entries(RULES)) t.same(show(rule(project)), [], name)
})

t.test('what only looks like a breach is none', async (t) => {
  const project = inThreads(`${longFunction(70)}// Date.now() in a comment is no call
export const texts = ['Math.random()', "import x from 'node:net'", '/ + \\'/ERR \\'']
export const pattern = /[/*]Atomics\\.wait/
export const day = new Date(0).toISOString()
export class Bell { wait(): void { this.Atomics.wait() } Atomics: { wait(): void } }
`)
  for (const [name, rule] of Object.entries(RULES)) t.same(show(rule(project)), [], name)
})

t.test('each planted breach is found, once, with its remedy', async (t) => {
  for (const [name, { rule, project, says }] of Object.entries(PLANTS)) {
    const found = show(rule(project))
    t.equal(found.length, 1, `${name}: ${found.join(' | ')}`)
    t.match(found[0] ?? '', says, name)
  }
})

t.test('this project', async (t) => {
  const project = readProject(join(import.meta.dirname, '..'))
  for (const [name, rule] of Object.entries(RULES)) {
    t.test(name, async (t) => {
      for (const problem of show(rule(project))) t.fail(problem, { at: null, stack: '' })
      t.pass('looked at everything')
    })
  }
})
