// Sockets that rest while a large command arrives in crumbs.

import t from 'tap'
import type { Connection } from '../../src/acceptor/connection.ts'
import { Resting } from '../../src/acceptor/resting.ts'
import { AUTHENTICATED_LIMITS } from '../../src/wire/decoder.ts'
import { QueryBuffer } from '../../src/wire/query-buffer.ts'
import { until } from '../support/until.ts'

const WAKE_MS_MAX = 5000
const CRUMB = 1024

/** A connection that has received the first bytes of a SET of so many bytes. */
function receiving(valueBytes: number, events: string[], fields: Partial<Connection> = {}) {
  const query = new QueryBuffer(1e9)
  const bytes = Buffer.alloc(CRUMB, 'x')
  bytes.write(`*3\r\n$3\r\nSET\r\n$1\r\nk\r\n$${valueBytes}\r\n`)
  query.feed(bytes, 0, CRUMB, AUTHENTICATED_LIMITS)
  const socket = { pause: () => events.push('pause'), resume: () => events.push('resume') }
  return { query, socket, closed: false, unread: null, ...fields } as unknown as Connection
}

t.test('a crumb of a large command: paused, resumed a moment later', async (t) => {
  const events: string[] = []
  const resting = new Resting()
  resting.consider(receiving(1_000_000, events), CRUMB)
  resting.consider(receiving(1_000_000, events), CRUMB)
  t.same(events, ['pause', 'pause'])
  await until('both go on', WAKE_MS_MAX, () => events.length === 4)
  t.same(events.slice(2), ['resume', 'resume'])
  resting.consider(receiving(1_000_000, events), CRUMB)
  await until('a later one too', WAKE_MS_MAX, () => events.length === 6)
})

t.test('nothing rests for large receives, or for what is nearly whole', async (t) => {
  const events: string[] = []
  const resting = new Resting()
  resting.consider(receiving(1_000_000, events), 65_536)
  resting.consider(receiving(60_000, events), CRUMB)
  const none = receiving(1_000_000, events, { query: null })
  resting.consider(none, CRUMB)
  t.same(events, [])
})

t.test('one that closed or stopped meanwhile is left alone', async (t) => {
  const events: string[] = []
  const resting = new Resting()
  const closed = receiving(1_000_000, events)
  const stopped = receiving(1_000_000, events)
  const last = receiving(1_000_000, events)
  for (const connection of [closed, stopped, last]) resting.consider(connection, CRUMB)
  closed.closed = true
  stopped.unread = new Uint8Array(1)
  await until('the last one goes on', WAKE_MS_MAX, () => events.includes('resume'))
  t.same(events, ['pause', 'pause', 'pause', 'resume'])
})
