// `ckv [serve] …` and its other commands. Whatever is wrong with a start is one line on standard
// error and an exit code above 0; what is wrong with the program itself is one line of its log,
// with the stack in its field `err`.

import fs from 'node:fs'
import { CkvError } from '../base/errors.ts'
import { CKV_VERSION } from '../monitor/version.ts'
import { parseOptions } from '../options/parse.ts'
import { runLogCommand } from './log-commands.ts'
import { LoggedError, type Logger, makeLogger } from './logger.ts'
import { readMachine } from './machine.ts'
import { type ReadyFacts, Server } from './server.ts'

const EXIT_FAILED = 1

/** Returns the exit code; throws nothing. */
export async function runCommandLine(
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  try {
    if (argv[0] === 'log') return await runLogCommand(argv.slice(1), printLine)
    return await serve(argv[0] === 'serve' ? argv.slice(1) : argv, environment)
  } catch (error) {
    if (error instanceof LoggedError) return EXIT_FAILED
    if (!(error instanceof CkvError)) return await sayFailure(error)
    process.stderr.write(`ckv: ${error.message}\n`)
    return error.exitCode
  }
}

async function sayFailure(error: unknown): Promise<number> {
  logFailure(await makeLogger('fatal'), error)
  return EXIT_FAILED
}

function logFailure(logger: Logger, error: unknown): void {
  const err = error instanceof Error ? error : new Error(String(error))
  logger.fatal({ err }, `main died: ${err.message}`)
}

function printLine(line: string): void {
  process.stdout.write(`${line}\n`)
}

async function serve(
  argv: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const machine = readMachine()
  const parsed = parseOptions({
    argv,
    environment,
    readFile: (path) => fs.readFileSync(path),
    machine,
    version: CKV_VERSION,
  })
  if (parsed.kind === 'text') {
    process.stdout.write(parsed.text.endsWith('\n') ? parsed.text : `${parsed.text}\n`)
    return 0
  }
  const logger = await makeLogger(parsed.options.logLevel)
  process.on('uncaughtException', (error) => {
    logFailure(logger, error)
    process.exit(EXIT_FAILED)
  })
  const { server, ready } = await Server.start({ ...parsed, machine, logger })
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => server.stop())
  }
  // The launcher is gone (even by SIGKILL): nobody would stop us any more.
  process.on('disconnect', () => server.stop())
  process.stdout.write(`${readyLine(ready)}\n`)
  return server.finished
}

function readyLine({ facts, keyCount, recoveryMs }: ReadyFacts): string {
  const { options } = facts
  const gigabytes = (options.shardMemoryBytes / 2 ** 30).toFixed(2).replace(/\.?0+$/, '')
  return (
    `ckv ready on ${options.host}:${facts.port} profile ${options.profile}, ` +
    `${facts.shardCount} shards of ${gigabytes} GB, instance ${facts.instance}, ` +
    `password ${facts.passwordDigest === null ? 'no' : 'yes'}, ` +
    `${keyCount} keys recovered in ${Math.round(recoveryMs)} ms`
  )
}
