// One command, one reply, on a connection of its own: for what a bench says to a server beside its
// load.

import { connect } from 'node:net'
import RedisParser from 'redis-parser'
import { encodeCommand } from './tape.ts'

const ANSWER_MS_MAX = 60_000

/** The reply, parsed; rejects with an error reply, a broken connection, or after a minute. */
export function ask(host: string, port: number, ...parts: string[]): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, noDelay: true })
    const end = (settle: () => void): void => {
      socket.destroy()
      settle()
    }
    const parser = new RedisParser({
      returnReply: (reply) => end(() => resolve(reply)),
      returnError: (error) => end(() => reject(error)),
    })
    socket.setTimeout(ANSWER_MS_MAX, () => end(() => reject(new Error('no answer'))))
    socket.once('error', reject)
    socket.once('close', () => reject(new Error('the server closed the connection')))
    socket.on('data', (bytes: Buffer) => parser.execute(bytes))
    socket.write(encodeCommand(parts), 'latin1')
  })
}
