// The command line of the server, by commander, from the table.

import { Command, CommanderError, Option } from 'commander'
import { CkvError } from '../base/errors.ts'
import type { OptionRow } from './rows.ts'
import { OPTION_ROWS } from './table.ts'
import { showValue } from './values.ts'

export type ParsedFlags =
  | { readonly kind: 'flags'; readonly raw: ReadonlyMap<string, string> }
  | { readonly kind: 'text'; readonly text: string }

/**
 * @param argv without node and script
 * @returns the given flags' texts by option name, or the text of --help or --version
 * @throws CkvError for an unknown flag, a missing value or a word that is no flag
 */
export function parseFlags(argv: readonly string[], version: string): ParsedFlags {
  const program = serverProgram(version)
  let shown = ''
  program.configureOutput({ writeOut: (text) => (shown += text), writeErr: () => {} })
  try {
    program.parse(argv, { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return { kind: 'text', text: shown }
    throw new CkvError('OPTION', oneLine(error, program.args))
  }
  const given = program.opts<Record<string, string>>()
  const raw = new Map<string, string>()
  for (const [index, option] of program.options.entries()) {
    const name = option.attributeName()
    if (index > 0 && Object.hasOwn(given, name)) raw.set(option.name(), given[name])
  }
  return { kind: 'flags', raw }
}

/** What stands behind a flag: <number>, <bytes>, <on|off> … */
export function placeholder(row: OptionRow): string {
  switch (row.kind) {
    case 'integer':
      return 'number'
    case 'on-off':
      return 'on|off'
    case 'choice':
      // Many choices would leave no room for what the options are for; a wrong one names them all.
      return row.choices.length > CHOICES_SHOWN_MAX ? 'policy' : row.choices.join('|')
    case 'output-limit':
      return 'limits'
    default:
      return row.kind
  }
}

/** The default as the README and --help show it. */
export function fallbackWords(row: OptionRow): string {
  if (row.fallback === undefined) return 'from the machine'
  return row.fallback === '' ? 'none' : showValue(row, row.fallback)
}

const CHOICES_SHOWN_MAX = 6

function serverProgram(version: string): Command {
  const program = new Command('ckv')
    .description('A Redis-protocol cluster in one process.')
    .usage(USAGE)
    .version(`ckv ${version}`, '--version', 'show the version and stop')
    .helpOption('--help', 'show this text and stop')
    .exitOverride()
    .allowExcessArguments(false)
    .configureHelp({ helpWidth: 100 })
  for (const row of OPTION_ROWS as readonly OptionRow[]) {
    const words = `${row.help} (${fallbackWords(row)}${row.onlyOff ? '; not there yet' : ''})`
    program.addOption(new Option(`--${row.name} <${placeholder(row)}>`, words))
  }
  program.addHelpText('after', AFTER_HELP)
  return program
}

const USAGE = `[serve] [options]
       ckv log verify <data directory>
       ckv log dump <segment file> [--values]`

const AFTER_HELP = `
Each option is also read from the environment (--shard-memory as CKV_SHARD_MEMORY) and from the
JSON file of --config ({"shard-memory": "1gb"}). Flags go before the environment, that before the
file. The password comes from CKV_PASSWORD or --password-file; clients give instance:password.

ckv log verify checks the log of a stopped server and changes nothing. Exit code 0: clean, 1:
damaged, 2: a torn tail that a start would cut. ckv log dump shows the records of one file.`

/** Commander's message without its `error: `, its second line and any value behind a '='. */
function oneLine(error: CommanderError, words: readonly string[]): string {
  if (error.code === 'commander.excessArguments') {
    return `'${words[0]}' is not a flag; allowed: the flags that --help lists`
  }
  const [first, ...more] = error.message.replace(/^error: /, '').split('\n')
  const said = first.replace(/=[^']*'/, "'")
  if (error.code !== 'commander.unknownOption') return [said, ...more].join(' ')
  if (said.includes("'--password'")) return `${said}; allowed: CKV_PASSWORD or --password-file`
  return [said, ...more, '; allowed: those that --help lists'].join(' ').replace(' ;', ';')
}
