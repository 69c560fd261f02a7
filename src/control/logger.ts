// The program's log: pino, pretty on a terminal. Threads without an event loop write into their
// event rings; main empties those here. Neither passwords nor values are ever given to it.

import pino from 'pino'
import { EventRing, LEVEL_DEBUG, LEVEL_ERROR, LEVEL_WARN } from '../ring/events.ts'

/** How late a thread's line may come; an idle server must cost next to nothing. */
const DRAIN_MS = 200

export type Logger = pino.Logger

/** A failure whose line, with its stack, is in the log already: nobody shall say it again. */
export class LoggedError extends Error {
  override name = 'LoggedError'
}

export async function makeLogger(level: string): Promise<Logger> {
  if (process.stderr.isTTY) {
    // Loaded only where somebody looks: a start is measured in milliseconds.
    const { default: pretty } = await import('pino-pretty')
    const stream = pretty({ colorize: true, destination: 2, sync: true, ignore: 'pid,hostname' })
    return pino({ level }, stream)
  }
  return pino({ level }, pino.destination({ dest: 2, sync: true }))
}

export class EventDrain {
  readonly #rings: EventRing[]
  readonly #logger: Logger
  readonly #timer: NodeJS.Timeout

  constructor(buffers: readonly SharedArrayBuffer[], logger: Logger) {
    this.#rings = buffers.map((buffer) => new EventRing(buffer))
    this.#logger = logger
    this.#timer = setInterval(() => this.drain(), DRAIN_MS)
    this.#timer.unref()
  }

  drain(): void {
    for (const [thread, ring] of this.#rings.entries()) {
      ring.drain((level, text) => this.#write(thread, level, text))
    }
  }

  #write(thread: number, level: number, text: string): void {
    const fields = { thread }
    if (level === LEVEL_DEBUG) this.#logger.debug(fields, text)
    else if (level === LEVEL_WARN) this.#logger.warn(fields, text)
    else if (level === LEVEL_ERROR) this.#logger.error(fields, text)
    else this.#logger.info(fields, text)
  }

  stop(): void {
    clearInterval(this.#timer)
    this.drain()
  }
}
