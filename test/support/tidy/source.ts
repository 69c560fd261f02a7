// The project as the structure test sees it: paths and texts, and each program text parsed once.
// Nothing here touches the disk except readProject, so the rules can be tried on planted sources.

import { readdirSync, readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { join } from 'node:path'
import { type Node, parse } from 'acorn'

export interface Problem {
  path: string
  /** 1-based; 0 when the whole file or a missing one is meant. */
  line: number
  /** What is wrong and what to do instead. */
  message: string
}

/** Paths are relative to the project root, with forward slashes. */
export interface Project {
  files: Map<string, SourceFile>
  /** Names at the top level, ignored ones left out. */
  topLevel: string[]
}

export interface Import {
  specifier: string
  line: number
}

export interface SourceFile {
  path: string
  text: string
  lines: string[]
  /** Empty for files that are not programs. */
  imports: Import[]
  /** Undefined for files that are not programs. */
  tree: Node | undefined
}

const PROGRAM = /\.(ts|js|mjs)$/
const READ_FOLDERS = ['src', 'test', 'scripts', 'native-free-bench']
const READ_FILES = [
  'README.md',
  'package.json',
  'tsconfig.json',
  '.ci/run',
  '.biome.json',
  '.gitignore',
]

/** Static imports start a line (the formatter sees to it), type imports included. */
const STATIC_IMPORT = /^(?:import|export)\b(?:[^'"`;=()]*?\bfrom)?\s*['"]([^'"\n]+)['"]/gm

export function makeSource(path: string, text: string): SourceFile {
  const isProgram = PROGRAM.test(path)
  return {
    path,
    text,
    lines: text.split('\n'),
    imports: isProgram ? findImports(text) : [],
    tree: isProgram && !path.endsWith('.d.ts') ? parseProgram(path, text) : undefined,
  }
}

export function makeProject(files: Record<string, string>, topLevel?: string[]): Project {
  const sources = Object.entries(files).map(([path, text]) => makeSource(path, text))
  return {
    files: new Map(sources.map((source) => [source.path, source])),
    topLevel: topLevel ?? [...new Set(Object.keys(files).map((path) => path.split('/')[0] ?? ''))],
  }
}

export function readProject(root: string): Project {
  const paths = READ_FILES.filter((name) => {
    const [folder, file] = name.includes('/') ? name.split('/') : ['.', name]
    return namesIn(join(root, folder ?? '.')).includes(file ?? '')
  })
  for (const folder of READ_FOLDERS) {
    for (const entry of entriesIn(join(root, folder))) {
      if (entry.isFile()) paths.push(join(entry.parentPath, entry.name).slice(root.length + 1))
    }
  }
  const files = Object.fromEntries(
    paths.sort().map((path) => [path, readFileSync(join(root, path), 'utf8')]),
  )
  const ignored = ignoredNames(readFileSync(join(root, '.gitignore'), 'utf8'))
  const topLevel = readdirSync(root).filter((name) => !ignored.some((rule) => rule.test(name)))
  return makeProject(files, topLevel.sort())
}

function entriesIn(folder: string) {
  return namesIn(folder).length === 0
    ? []
    : readdirSync(folder, { recursive: true, withFileTypes: true })
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder)
  } catch {
    return []
  }
}

/** Enough of .gitignore for a top level: names, and a star for any letters. */
function ignoredNames(gitignore: string): RegExp[] {
  return gitignore
    .split('\n')
    .map((line) => line.trim().replace(/\/$/, ''))
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => new RegExp(`^${line.replace(/[.+?]/g, '\\$&').replaceAll('*', '.*')}$`))
}

function findImports(text: string): Import[] {
  return [...text.matchAll(STATIC_IMPORT)].map((match) => ({
    specifier: match[1] ?? '',
    line: text.slice(0, match.index).split('\n').length,
  }))
}

/** Types become blanks, so lines and columns stay. Throws with the path on a syntax error. */
function parseProgram(path: string, text: string): Node {
  try {
    const code = path.endsWith('.ts') ? stripTypeScriptTypes(text, { mode: 'strip' }) : text
    return parse(code, {
      ecmaVersion: 'latest',
      sourceType: 'module',
      locations: true,
      allowHashBang: true,
    })
  } catch (error) {
    throw new Error(`${path} does not parse: ${(error as Error).message}`)
  }
}

/** A node with whatever fields its kind has. */
export type AnyNode = Node & Record<string, unknown>

/** Calls `visit` for every node, outer ones first. */
export function walk(node: Node | undefined, visit: (node: AnyNode) => void): void {
  if (node === undefined) return
  visit(node as AnyNode)
  for (const value of Object.values(node)) {
    if (Array.isArray(value)) {
      for (const one of value) if (isNode(one)) walk(one, visit)
    } else if (isNode(value)) {
      walk(value, visit)
    }
  }
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as Node).type === 'string'
}

export function lineOf(node: Node): number {
  return node.loc?.start.line ?? 0
}

/** String literals and the fixed parts of templates, with their lines. */
export function textsOf(file: SourceFile): { text: string; line: number }[] {
  const texts: { text: string; line: number }[] = []
  walk(file.tree, (node) => {
    if (node.type === 'Literal' && typeof node.value === 'string') {
      texts.push({ text: node.value, line: lineOf(node) })
    } else if (node.type === 'TemplateElement') {
      const raw = (node.value as { raw: string }).raw
      texts.push({ text: raw, line: lineOf(node) })
    }
  })
  return texts
}

/** The project path that a relative specifier of `from` means. */
export function resolveRelative(from: string, specifier: string): string {
  const parts = from.split('/').slice(0, -1)
  for (const part of specifier.split('/')) {
    if (part === '..') parts.pop()
    else if (part !== '.') parts.push(part)
  }
  return parts.join('/')
}
