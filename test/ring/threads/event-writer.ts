// Writes numbered lines into an event ring, faster than they are read.

import { parentPort, workerData } from 'node:worker_threads'
import { EventRing } from '../../../src/ring/events.ts'

const { buffer, lines } = workerData as { buffer: SharedArrayBuffer; lines: number }
const events = new EventRing(buffer)
for (let line = 0; line < lines; line++)
  events.write(line & 3, `line ${line} ${'ä'.repeat(line % 90)}`)
parentPort?.postMessage({ dropped: events.dropped() })
