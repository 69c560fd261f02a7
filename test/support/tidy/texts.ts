// Rules on names, sizes and words. The words that are looked for are written here with a gap
// (`TO~DO`), so that this file does not find itself.

import {
  type AnyNode,
  lineOf,
  type Problem,
  type Project,
  type SourceFile,
  textsOf,
  walk,
} from './source.ts'

const LINE_LENGTH_MAX = 100
const FILE_LINES_MAX = 500
const FUNCTION_LINES_MAX = 70
const PROGRAM = /\.(ts|js)$/

const TOP_LEVEL = [
  'LICENSE',
  'README.md',
  'native-free-bench',
  'package-lock.json',
  'package.json',
  'scripts',
  'src',
  'test',
  'tsconfig.json',
]

const FILE_NAME = /^[a-z0-9]+(-[a-z0-9]+)*(\.test|\.d)?\.(ts|js)$/
const VAGUE_NAME = /(^|-)(utils?|misc|manager|helpers?|common|stuff)(-|\.|$)/

interface WordRule {
  pattern: RegExp
  remedy: string
  /** Whether the rule looks at this file. */
  applies(path: string): boolean
}

const everywhere = (): boolean => true
const inPrograms = (path: string): boolean => PROGRAM.test(path)
const inTests = (path: string): boolean => path.startsWith('test/')

/** Words written with a gap, joined. */
function anyOf(...gapped: string[]): string {
  return gapped.map((word) => word.replace('~', '')).join('|')
}

const LEFT_OVER = new RegExp(`\\b(${anyOf('TO~DO', 'FIX~ME', 'XX~X', 'HA~CK')})\\b`)
const UNCHECKED = new RegExp(`@ts-(${anyOf('ig~nore', 'no~check')})`)
const UNREASONED = new RegExp(`${anyOf('biome-ig~nore')}(?! [a-z]+(/[A-Za-z]+)*: \\S)`)
const MACHINE_PATH = new RegExp(`(^|[\\s'"\`(=])/(${anyOf('wo~rk', 'fa~rm', 'ro~ot', 'ho~me')})/`)
const HOW_IT_WAS_MADE = new RegExp(
  `\\b(${anyOf(
    'work~place',
    'regis~try\\.npmjs',
    'deb\\.deb~ian',
    'the br~ief',
    '(this|a later|the next|later) iss~ue',
    'co-auth~ored',
  )})\\b`,
  'i',
)

const WORD_RULES: WordRule[] = [
  { pattern: LEFT_OVER, remedy: 'finish it or take it out', applies: everywhere },
  {
    pattern: /\.(only|skip|todo)\(/,
    remedy: 'every test runs: take it out, or choose by what the machine has and say so aloud',
    applies: inTests,
  },
  { pattern: UNCHECKED, remedy: 'give the value its right type', applies: inPrograms },
  {
    pattern: UNREASONED,
    remedy: 'name the rule and write the reason after a colon',
    applies: inPrograms,
  },
  {
    pattern: MACHINE_PATH,
    remedy: 'a path of one machine: use a path relative to the file, or a temporary folder',
    applies: everywhere,
  },
  {
    pattern: HOW_IT_WAS_MADE,
    remedy: 'the project speaks of itself only: leave out how and where it was made',
    applies: everywhere,
  },
]

export function wordProblems(project: Project): Problem[] {
  const problems: Problem[] = []
  for (const file of project.files.values()) {
    for (const { pattern, remedy, applies } of WORD_RULES) {
      if (!applies(file.path)) continue
      file.lines.forEach((text, index) => {
        const found = pattern.exec(text)
        if (found === null) return
        const message = `has "${found[0].trim()}": ${remedy}`
        problems.push({ path: file.path, line: index + 1, message })
      })
    }
  }
  return problems
}

export function sizeProblems(project: Project): Problem[] {
  const problems: Problem[] = []
  for (const file of project.files.values()) {
    if (!PROGRAM.test(file.path)) continue
    problems.push(...lineProblems(file), ...functionProblems(file))
  }
  return problems
}

function lineProblems(file: SourceFile): Problem[] {
  const problems: Problem[] = []
  const count = file.lines.length - (file.text.endsWith('\n') ? 1 : 0)
  if (count > FILE_LINES_MAX) {
    const message = `has ${count} lines, ${FILE_LINES_MAX} are allowed: it is two things, split it`
    problems.push({ path: file.path, line: 0, message })
  }
  file.lines.forEach((text, index) => {
    if (text.length <= LINE_LENGTH_MAX) return
    const message = `is ${text.length} columns wide, ${LINE_LENGTH_MAX} are allowed: break the line`
    problems.push({ path: file.path, line: index + 1, message })
  })
  return problems
}

function functionProblems(file: SourceFile): Problem[] {
  const problems: Problem[] = []
  walk(file.tree, (node) => {
    if (!/Function/.test(node.type)) return
    const count = (node.loc?.end.line ?? 0) - lineOf(node) + 1
    if (count <= FUNCTION_LINES_MAX) return
    const message =
      `${functionName(node)} has ${count} lines, ${FUNCTION_LINES_MAX} are allowed: ` +
      'take a named part out of it'
    problems.push({ path: file.path, line: lineOf(node), message })
  })
  return problems
}

function functionName(node: AnyNode): string {
  const id = node.id as { name?: string } | null | undefined
  return id?.name ?? 'a function'
}

export function nameProblems(project: Project): Problem[] {
  const problems: Problem[] = []
  for (const path of project.files.keys()) {
    const name = path.split('/').at(-1) ?? ''
    if (!PROGRAM.test(name)) continue
    if (!FILE_NAME.test(name)) {
      problems.push({ path, line: 0, message: 'write file names in small letters with hyphens' })
    }
    if (VAGUE_NAME.test(name)) {
      problems.push({ path, line: 0, message: 'the name says nothing: name what the file holds' })
    }
  }
  for (const name of project.topLevel) {
    if (name.startsWith('.') || TOP_LEVEL.includes(name)) continue
    const message = `is at the top level, where only ${TOP_LEVEL.join(', ')} and dotfiles stand`
    problems.push({ path: name, line: 0, message })
  }
  return problems
}

const ERROR_TEXT =
  /^-?(ERR|WRONGTYPE|NOAUTH|WRONGPASS|OOM|MISCONF|LOADING|NOPERM|NOPROTO|CROSSSLOT|EXECABORT) /

/** Error replies are constants of one file: clients match on their texts. */
export function errorTextProblems(project: Project): Problem[] {
  const problems: Problem[] = []
  for (const file of project.files.values()) {
    if (!file.path.startsWith('src/') || file.path === 'src/wire/replies.ts') continue
    for (const { text, line } of textsOf(file)) {
      if (!ERROR_TEXT.test(text)) continue
      const shown = text.slice(0, 40)
      const message = `has the error text "${shown}": make it a constant of wire/replies.ts`
      problems.push({ path: file.path, line, message })
    }
  }
  return problems
}
