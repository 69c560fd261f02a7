// Process entry: reads the command line, starts the server, prints the ready line, hands signals
// on.

import { runCommandLine } from './control/command-line.ts'

process.exitCode = await runCommandLine(process.argv.slice(2), process.env)
process.exit()
