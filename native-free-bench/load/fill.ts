// Stores every key of a range once, in order, over one pipelined connection. Runs in a load thread.

import { once } from 'node:events'
import { connect } from 'node:net'
import RedisParser from 'redis-parser'
import { setFrame } from './tape.ts'

/** Requests written before the replies to the ones before them are waited for. */
const BATCH_REQUESTS = 500

export interface FillJob {
  host: string
  port: number
  from: number
  to: number
  valueBytes: number
  /** First 4 bytes of the keys; 'ckv:' unless told otherwise. */
  family?: string
}

/** piscina's entry. Throws when a reply is not +OK or the connection ends early. */
export default async function fillRange(job: FillJob): Promise<void> {
  const socket = connect({ host: job.host, port: job.port, noDelay: true })
  let replies = 0
  let failure: Error | undefined
  let wake: () => void = () => {}
  const parser = new RedisParser({
    returnReply: (reply) => {
      replies++
      if (reply !== 'OK') failure ??= new Error(`SET was answered ${String(reply)}`)
    },
    returnError: (error) => {
      replies++
      failure ??= error
    },
  })
  socket.on('error', (error) => {
    failure ??= error
    wake()
  })
  socket.on('close', () => {
    failure ??= new Error('the server closed the connection')
    wake()
  })
  await Promise.race([once(socket, 'connect'), once(socket, 'close')])
  socket.on('data', (bytes: Buffer) => {
    parser.execute(bytes)
    wake()
  })
  let sent = 0
  try {
    for (let key = job.from; key < job.to; ) {
      const end = Math.min(job.to, key + BATCH_REQUESTS)
      let frames = ''
      for (; key < end; key++) frames += setFrame(key, job.valueBytes, job.family)
      // One batch is always on its way while the next one is made.
      while (replies < sent && failure === undefined) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
      if (failure !== undefined) throw failure
      socket.write(frames, 'latin1')
      sent = end - job.from
    }
    while (replies < sent && failure === undefined) {
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    }
    if (failure !== undefined) throw failure
  } finally {
    socket.removeAllListeners('close')
    socket.destroy()
  }
}
