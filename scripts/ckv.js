#!/usr/bin/env node
// The `ckv` command. Plain JavaScript, because the Node that starts it may be any (18 or later):
// it finds the Node that ckv is pinned to (npm package `node`, a dependency) and runs the real
// program with it, src/main.ts in the repository, dist/main.js in the published package (Node
// refuses .ts files under node_modules).
//
// Where Node can replace itself (process.execve: 22.15, 23.11 and later) nothing stays in between.
// Otherwise the program is a child: signals are passed on, its exit code or signal is handed on,
// and an IPC channel, on which nothing is ever said, tells it by closing that the launcher is gone,
// even after a SIGKILL. The program ends itself then (main.ts, 'disconnect').
//
// `npx ckv` is npm, a shell and ckv. A SIGTERM for npm alone is passed to the shell, which dies of
// it and says nothing to ckv. So under npx the launcher stays and takes the loss of its parent for
// that SIGTERM. (`npm start` begins with `exec`: no shell is in between.)

import { spawn } from 'node:child_process'
import { accessSync, constants, existsSync, lstatSync, mkdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const FORWARDED = ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2']
// As a shell does: 126 = found but cannot run, 127 = not found.
const CANNOT_RUN = 126
const NOT_FOUND = 127
const PARENT_CHECK_MS = 250

const packageFolder = dirname(dirname(fileURLToPath(import.meta.url)))

/** One line on standard error, then the end. */
function refuse(text, exitCode) {
  process.stderr.write(`ckv: ${text}\n`)
  process.exit(exitCode)
}

/** The pinned Node's path. npm may have put it beside ckv or above: resolution finds both. */
function findPinnedNode() {
  const wanted = JSON.parse(readFileSync(join(packageFolder, 'package.json'), 'utf8')).dependencies
    .node
  let manifest
  try {
    manifest = createRequire(import.meta.url).resolve('node/package.json')
  } catch {
    return refuse(`Node ${wanted} is missing: run \`npm install\` in ${packageFolder}`, NOT_FOUND)
  }
  const found = JSON.parse(readFileSync(manifest, 'utf8')).version
  if (found !== wanted) {
    refuse(`Node ${wanted} is needed, ${dirname(manifest)} is ${found}: npm install`, CANNOT_RUN)
  }
  const binary = join(dirname(manifest), 'bin', 'node')
  if (existsSync(binary)) return binary
  // npm skipped the install script of the package, which is what brings the binary.
  if (process.version === `v${wanted}`) return process.execPath
  return refuse(
    `Node ${wanted} is not installed, its install script did not run: run \`npm rebuild node\` ` +
      '(where npm refuses scripts: `npm install-scripts approve node` first)',
    NOT_FOUND,
  )
}

function findMain() {
  for (const candidate of ['src/main.ts', 'dist/main.js']) {
    const path = join(packageFolder, candidate)
    if (existsSync(path)) return path
  }
  return refuse(`neither src/main.ts nor dist/main.js is in ${packageFolder}`, NOT_FOUND)
}

/**
 * A folder that is ours and writable, or undefined. Compiled code is read back from it, so one
 * that another user made, or may write to, is never taken.
 */
function usableFolder(path) {
  try {
    mkdirSync(path, { recursive: true, mode: 0o700 })
    const status = lstatSync(path)
    if (!status.isDirectory()) return undefined
    if (process.getuid && status.uid !== process.getuid()) return undefined
    if (status.mode & 0o022) return undefined
    accessSync(path, constants.W_OK)
    return path
  } catch {
    return undefined
  }
}

/** Each thread would strip and compile the sources again: 0.5 s at start, 0.15 s with the cache. */
function environmentWithCompileCache() {
  const environment = { ...process.env }
  if (environment.NODE_COMPILE_CACHE !== undefined) return environment
  const user = process.getuid ? process.getuid() : 'user'
  const folder =
    usableFolder(join(packageFolder, '.node-compile-cache')) ??
    usableFolder(join(tmpdir(), `ckv-compile-cache-${user}`))
  if (folder !== undefined) environment.NODE_COMPILE_CACHE = folder
  return environment
}

function startedByNpx() {
  return process.env.npm_command === 'exec'
}

function runAsChild(binary, args, environment) {
  const child = spawn(binary, args, {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: environment,
  })
  // From a terminal the child gets Ctrl-C itself and once more from here: main.ts takes any number.
  for (const signal of FORWARDED) process.on(signal, () => child.kill(signal))
  if (startedByNpx()) {
    const parent = process.ppid
    setInterval(() => process.ppid !== parent && child.kill('SIGTERM'), PARENT_CHECK_MS)
  }
  child.on('error', (error) => refuse(`cannot run ${binary}: ${error.message}`, CANNOT_RUN))
  child.on('exit', (exitCode, signal) => {
    if (signal === null) process.exit(exitCode)
    for (const name of FORWARDED) process.removeAllListeners(name)
    process.kill(process.pid, signal)
    // A signal that does not end this process (SIGSTOP's kin) still has to end as a failure.
    setTimeout(() => process.exit(1), 1000)
  })
}

function launch() {
  const binary = findPinnedNode()
  const args = [findMain(), ...process.argv.slice(2)]
  const environment = environmentWithCompileCache()
  if (typeof process.execve === 'function' && !startedByNpx()) {
    try {
      process.execve(binary, [binary, ...args], environment)
    } catch (error) {
      refuse(`cannot run ${binary}: ${error.message}`, CANNOT_RUN)
    }
  }
  runAsChild(binary, args, environment)
}

launch()
