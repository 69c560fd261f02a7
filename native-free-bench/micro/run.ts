// Runs micro benches:  node native-free-bench/micro/run.ts [--ms 400] [--json] [name …]
// Without names: all of them, each in a process of its own, so that none warms up or spoils the
// compiler's view of another. Whole commands (command-get, command-set-2m, …) only run when named.

import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { Command } from 'commander'
import { formatFigure, formatTable } from '../report.ts'
import { arenaLargeBench, arenaSmallBench } from './arena.ts'
import { COMMAND_BENCHES } from './commands.ts'
import { decoderBenches } from './decoder.ts'
import { dictionaryFindBench, dictionaryReplaceBench } from './dictionary.ts'
import { logBench } from './log.ts'
import { type MicroBench, type MicroFigures, measureMicro, sunk } from './micro-bench.ts'
import { ringBenches } from './ring.ts'

type Maker = () => MicroBench | Promise<MicroBench>

function named(benches: () => MicroBench[], name: string): Maker {
  return () => {
    const found = benches().find((bench) => bench.name === name)
    if (found === undefined) throw new Error(`no bench ${name}`)
    return found
  }
}

const MAKERS: Record<string, Maker> = {
  'decoder-get': named(decoderBenches, 'decoder-get'),
  'decoder-set': named(decoderBenches, 'decoder-set'),
  'decoder-mset': named(decoderBenches, 'decoder-mset'),
  'ring-batch-1': named(ringBenches, 'ring-batch-1'),
  'ring-batch-16': named(ringBenches, 'ring-batch-16'),
  'dictionary-find': dictionaryFindBench,
  'dictionary-replace': dictionaryReplaceBench,
  'arena-small': arenaSmallBench,
  'arena-large': arenaLargeBench,
  'log-commit-1': () => logBench('log-commit-1', 1),
  'log-commit-16': () => logBench('log-commit-16', 16),
}

/** Names of the micro benches of the regression bench, in the order of the tables. */
export const MICRO_NAMES = Object.keys(MAKERS)

/** Figures to look at while working on commands; not rows of the regression bench. */
const ALL_MAKERS: Record<string, Maker> = { ...MAKERS, ...COMMAND_BENCHES }

const THIS_FILE = fileURLToPath(import.meta.url)

/** Measures one bench in a fresh process. */
export function measureInProcess(name: string, ms: number, slowPercent = 0): MicroFigures {
  const args = [THIS_FILE, '--json', '--ms', String(ms), '--slow', String(slowPercent), name]
  const output = execFileSync(process.execPath, args, { encoding: 'utf8', timeout: 120_000 })
  return JSON.parse(output) as MicroFigures
}

async function main(): Promise<void> {
  const program = new Command('micro')
    .argument('[names...]', MICRO_NAMES.join(', '))
    .option('--ms <ms>', 'time for each', Number, 400)
    .option('--slow <percent>', 'burn this much more time, to try the regression test', Number, 0)
    .option('--json', 'one bench, one line of JSON')
    .parse()
  const options = program.opts<{ ms: number; slow: number; json?: boolean }>()
  const names = program.args.length > 0 ? program.args : MICRO_NAMES
  for (const name of names) {
    if (ALL_MAKERS[name] === undefined) {
      throw new Error(`no bench ${name}: ${Object.keys(ALL_MAKERS).join(', ')}`)
    }
  }
  if (options.json === true) {
    const bench = await ALL_MAKERS[names[0]]()
    const figures = measureMicro(bench, options.ms, options.slow / 100)
    process.stdout.write(`${JSON.stringify(figures)}\n`)
    if (Number.isNaN(sunk())) throw new Error('the benches computed nothing')
    return
  }
  const rows = [['bench', '', 'ns/op', 'ops per reference op']]
  for (const name of names) {
    const figures = measureInProcess(name, options.ms, options.slow)
    rows.push([name, '', figures.nsPerOperation.toFixed(1), formatFigure(figures.ratio)])
  }
  process.stdout.write(`${formatTable(rows)}\n`)
}

if (process.argv[1] === THIS_FILE) await main()
