// The event ring: lines in order, a full ring drops and counts, both ends on their own threads.

import t from 'tap'
import { EVENT_RING_BYTES, EventRing, LEVEL_ERROR, LEVEL_INFO } from '../../src/ring/events.ts'
import { startThread } from './support.ts'

type Line = [number, string]

function drained(events: EventRing): Line[] {
  const lines: Line[] = []
  events.drain((level, text) => lines.push([level, text]))
  return lines
}

t.test('lines come out in order, in any language, cut when too long', async (t) => {
  const buffer = new SharedArrayBuffer(EVENT_RING_BYTES)
  const writer = new EventRing(buffer)
  const reader = new EventRing(buffer)
  t.same(drained(reader), [])
  writer.write(LEVEL_INFO, 'one')
  writer.write(LEVEL_ERROR, 'zwei: 二 ✓')
  writer.write(LEVEL_INFO, '')
  t.same(drained(reader), [
    [LEVEL_INFO, 'one'],
    [LEVEL_ERROR, 'zwei: 二 ✓'],
    [LEVEL_INFO, ''],
  ])
  writer.write(LEVEL_INFO, '二'.repeat(2000))
  t.same(drained(reader), [[LEVEL_INFO, '二'.repeat(1024)]])
  t.equal(reader.dropped(), 0)
})

t.test('a full ring drops the new line and says so', async (t) => {
  const buffer = new SharedArrayBuffer(EVENT_RING_BYTES)
  const writer = new EventRing(buffer)
  const reader = new EventRing(buffer)
  for (let line = 0; line < 100; line++) writer.write(LEVEL_INFO, `${line} ${'x'.repeat(500)}`)
  const lines = drained(reader)
  t.equal(lines.length + reader.dropped(), 100)
  t.ok(reader.dropped() > 0)
  lines.forEach(([, text], index) => {
    t.match(text, new RegExp(`^${index} x`))
  })
  writer.write(LEVEL_INFO, 'room again')
  t.same(drained(reader), [[LEVEL_INFO, 'room again']])
})

t.test('a thread that started anew goes on in the same ring', async (t) => {
  const buffer = new SharedArrayBuffer(EVENT_RING_BYTES)
  new EventRing(buffer).write(LEVEL_INFO, 'first')
  new EventRing(buffer).write(LEVEL_INFO, 'second')
  t.same(drained(new EventRing(buffer)), [
    [LEVEL_INFO, 'first'],
    [LEVEL_INFO, 'second'],
  ])
  t.same(drained(new EventRing(buffer)), [])
})

t.test('both ends at work: no line is torn, none counted twice', async (t) => {
  const buffer = new SharedArrayBuffer(EVENT_RING_BYTES)
  const lines = 100_000
  const { ended } = startThread('event-writer.ts', { buffer, lines })
  const reader = new EventRing(buffer)
  let got = 0
  let last = -1
  let torn = 0
  const read = (): void => {
    reader.drain((level, text) => {
      const line = Number(text.split(' ')[1])
      if (line <= last || level !== (line & 3)) torn++
      if (text !== `line ${line} ${'ä'.repeat(line % 90)}`) torn++
      last = line
      got++
    })
  }
  let running = true
  const done = ended.then((message) => {
    running = false
    return message as { dropped: number }
  })
  while (running) {
    read()
    await new Promise(setImmediate)
  }
  read()
  const { dropped } = await done
  t.equal(torn, 0)
  t.equal(got + dropped, lines)
  t.comment(`figure ${got} lines read, ${dropped} dropped`)
})
