// Dead files and packages: what nothing leads to, and what leads to nothing.

import { builtinModules } from 'node:module'
import { type Problem, type Project, resolveRelative, type SourceFile, textsOf } from './source.ts'

/** Packages that are used by name at run time, not by an import. */
const USED_BY_NAME = ['node', 'pino-pretty']
/** Packages that are programs, or types only. */
const TOOLS = ['@biomejs/biome', '@types/node', 'typescript', 'autocannon']

const PROGRAM = /\.(ts|js)$/

function isEntry(path: string, project: Project): boolean {
  if (path === 'src/main.ts' || path.endsWith('.test.ts') || path.endsWith('.d.ts')) return true
  // Worker threads of tests, started by name.
  if (/^test\/\w+\/threads\/[^/]+\.ts$/.test(path)) return true
  const manifest = project.files.get('package.json')?.text ?? ''
  const continuous = project.files.get('.ci/run')?.text ?? ''
  return path.split('/').length === 2 && (manifest.includes(path) || continuous.includes(path))
}

/** Files a file leads to: imports, and worker entries and dynamic imports by relative names. */
function targetsOf(file: SourceFile): string[] {
  const named = textsOf(file)
    // A worker entry is named with the ending of the running build: `../shard/worker.${…}`.
    .map(({ text }) => (/^\.{1,2}\/\S*\.$/.test(text) ? `${text}ts` : text))
    .filter((text) => /^\.{1,2}\/\S*\.(ts|js)$/.test(text))
  const imported = file.imports.map(({ specifier }) => specifier)
  return [...named, ...imported]
    .filter((specifier) => specifier.startsWith('.'))
    .map((specifier) => resolveRelative(file.path, specifier))
}

export function deadFileProblems(project: Project): Problem[] {
  const pending = [...project.files.keys()].filter((path) => isEntry(path, project))
  const reached = new Set(pending)
  for (let path = pending.pop(); path !== undefined; path = pending.pop()) {
    const file = project.files.get(path)
    if (file === undefined) continue
    for (const target of targetsOf(file)) {
      if (reached.has(target)) continue
      reached.add(target)
      pending.push(target)
    }
  }
  const message =
    'nothing leads here from main.ts, a thread, a test or a bench: use it or delete it'
  return [...project.files.keys()]
    .filter((path) => PROGRAM.test(path) && !reached.has(path))
    .map((path) => ({ path, line: 0, message }))
}

interface Manifest {
  dependencies?: Record<string, string>
  devDependencies?: Record<string, string>
}

function packageName(specifier: string): string | undefined {
  if (specifier.startsWith('.') || specifier.startsWith('node:')) return undefined
  if (builtinModules.includes(specifier)) return undefined
  const parts = specifier.split('/')
  return specifier.startsWith('@') ? parts.slice(0, 2).join('/') : parts[0]
}

export function packageProblems(project: Project): Problem[] {
  const path = 'package.json'
  const manifest = JSON.parse(project.files.get(path)?.text ?? '{}') as Manifest
  const dependencies = Object.keys(manifest.dependencies ?? {})
  const development = Object.keys(manifest.devDependencies ?? {})
  const inProduct = packagesOf(project, (file) => file.path.startsWith('src/'))
  const anywhere = packagesOf(project, () => true)
  const messages = [
    ...[...inProduct]
      .filter((name) => !dependencies.includes(name))
      .map((name) => `src imports ${name}: list it in dependencies`),
    ...dependencies
      .filter((name) => !inProduct.has(name) && !USED_BY_NAME.includes(name))
      .map((name) => `src does not import ${name}: move it to devDependencies or drop it`),
    ...development
      .filter((name) => !anywhere.has(name) && !TOOLS.includes(name))
      .map((name) => `nothing imports ${name}: drop it`),
    ...[...anywhere]
      .filter(
        (name) =>
          !inProduct.has(name) && !dependencies.includes(name) && !development.includes(name),
      )
      .map((name) => `${name} is imported but not listed: add it, pinned`),
    ...Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })
      .filter(([, version]) => !/^(npm:[^@]+@)?\d+\.\d+\.\d+$/.test(version))
      .map(([name, version]) => `${name} is "${version}": pin one exact version`),
  ]
  return messages.map((message) => ({ path, line: 0, message }))
}

function packagesOf(project: Project, wanted: (file: SourceFile) => boolean): Set<string> {
  const names = new Set<string>()
  for (const file of project.files.values()) {
    if (!wanted(file)) continue
    for (const { specifier } of file.imports) {
      const name = packageName(specifier)
      if (name !== undefined) names.add(name)
    }
  }
  return names
}
