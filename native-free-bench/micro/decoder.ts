// The acceptor's decoder over whole receives of pipelined commands.

import { CommandDecoder, DECODE_COMMAND } from '../../src/wire/decoder.ts'
import { keyName } from '../load/keys.ts'
import { encodeCommand, setFrame } from '../load/tape.ts'
import type { MicroBench } from './micro-bench.ts'

const COMMANDS = 512
const VALUE_BYTES = 64
const MSET_KEYS = 10

function bench(name: string, frame: (index: number) => string): MicroBench {
  let frames = ''
  for (let index = 0; index < COMMANDS; index++) frames += frame(index)
  const bytes = Buffer.from(frames, 'latin1')
  const decoder = new CommandDecoder()
  return {
    name,
    reference: 'compute',
    operations: COMMANDS,
    run: () => {
      let at = 0
      let seen = 0
      while (at < bytes.length && decoder.decode(bytes, at, bytes.length) === DECODE_COMMAND) {
        seen += decoder.argLengths[decoder.argCount - 1]
        at = decoder.end
      }
      if (at !== bytes.length) throw new Error(`${name}: stopped at byte ${at}`)
      return seen
    },
  }
}

export function decoderBenches(): MicroBench[] {
  return [
    bench('decoder-get', (index) => encodeCommand(['GET', keyName(index)])),
    bench('decoder-set', (index) => setFrame(index, VALUE_BYTES)),
    bench('decoder-mset', (index) => {
      const parts = ['MSET']
      for (let key = 0; key < MSET_KEYS; key++) parts.push(keyName(index + key), 'v')
      return encodeCommand(parts)
    }),
  ]
}
