// Commands that wait for a key answer what a real redis-server answers, in every way to dispatch.

import t from 'tap'
import { ask, block, blockedCount, load, pipeline, type Waiting } from '../support/blocking.ts'
import { inEveryConfiguration } from '../support/matrix.ts'
import { redisSkip, startRedis } from '../support/redis.ts'
import type { Reply } from '../support/resp.ts'
import type { RespClient } from '../support/resp-client.ts'

type Connect = () => Promise<RespClient>

/** Each: commands that wait, in this order, then lines in one write, and what all replied. */
const SCENES: readonly { waits: string[]; lines: string[] }[] = [
  { waits: ['BLPOP {a}k 0'], lines: ['RPUSH {a}k x y', 'LRANGE {a}k 0 -1', 'DEL {a}k'] },
  { waits: ['BRPOP {a}k {a}l 0'], lines: ['RPUSH {a}l x y', 'LLEN {a}l', 'DEL {a}l'] },
  {
    waits: ['BLPOP {a}k 0', 'BRPOP {a}k 0', 'BLPOP {a}k 0'],
    lines: ['RPUSH {a}k 1 2 3 4', 'LRANGE {a}k 0 -1', 'DEL {a}k'],
  },
  {
    waits: ['BRPOPLPUSH {a}s {a}d 0', 'BLPOP {a}d 0'],
    lines: ['LPUSH {a}s v', 'EXISTS {a}s {a}d'],
  },
  {
    waits: ['BLPOP {a}d 0', 'BLMOVE {a}s {a}d LEFT RIGHT 0', 'BLMOVE {a}d {a}e RIGHT LEFT 0'],
    lines: ['RPUSH {a}s 1 2', 'LRANGE {a}s 0 -1', 'LRANGE {a}d 0 -1', 'DEL {a}s', 'LLEN {a}e'],
  },
  {
    waits: ['BLMOVE {a}r {a}r LEFT RIGHT 0'],
    lines: ['RPUSH {a}r 1 2', 'LRANGE {a}r 0 -1', 'DEL {a}r'],
  },
  {
    waits: ['BRPOPLPUSH {a}s {a}t 0'],
    lines: ['SET {a}t no', 'LPUSH {a}s v', 'LLEN {a}s', 'DEL {a}s {a}t'],
  },
  {
    waits: ['BLMPOP 0 2 {a}k {a}l RIGHT COUNT 2'],
    lines: ['RPUSH {a}l 1 2 3', 'LRANGE {a}l 0 -1', 'DEL {a}l'],
  },
  {
    waits: ['BZPOPMIN {a}z 0', 'BZPOPMAX {a}y {a}z 0', 'BZMPOP 0 1 {a}z MIN COUNT 2'],
    lines: ['ZADD {a}z 1 a 2 b 3 c 4.5 d 6 e', 'ZRANGE {a}z 0 -1 WITHSCORES', 'DEL {a}z'],
  },
  {
    waits: ['BLPOP {a}k 0'],
    lines: ['SET {a}k v', 'APPEND {a}k w', 'DEL {a}k', 'LPUSH {a}k 1', 'EXISTS {a}k'],
  },
  {
    waits: ['BZPOPMIN {a}k 0', 'BLPOP {a}k 0'],
    lines: ['LPUSH {a}k 1', 'ZADD {a}k 1 m', 'EXISTS {a}k'],
  },
  {
    waits: ['BLPOP {a}k 0', 'BLPOP {a}l {a}k 0'],
    lines: ['MULTI', 'RPUSH {a}k 1', 'LPUSH {a}k 2', 'LLEN {a}k', 'EXEC', 'EXISTS {a}k'],
  },
  {
    waits: ['BLPOP {a}k 0'],
    lines: ['MULTI', 'RPUSH {a}k 1', 'DEL {a}k', 'EXEC', 'RPUSH {a}k 2', 'LLEN {a}k'],
  },
  {
    waits: ['BLPOP {a}k 0'],
    lines: ['RPUSH {a}m 1 2', 'RENAME {a}m {a}k', 'LRANGE {a}k 0 -1', 'DEL {a}k'],
  },
  {
    waits: ['BLPOP {a}k 0'],
    lines: ['RPUSH {a}m 2 1', 'SORT {a}m STORE {a}k', 'LRANGE {a}k 0 -1', 'DEL {a}k {a}m'],
  },
  {
    waits: ['BLPOP {a}k 0'],
    lines: ['RPUSH {a}m 2 1', 'COPY {a}m {a}k', 'LRANGE {a}k 0 -1', 'DEL {a}k {a}m'],
  },
  {
    waits: ['BZPOPMIN {a}k 0'],
    lines: ['ZADD {a}m 2 a', 'ZUNIONSTORE {a}k 1 {a}m', 'EXISTS {a}k', 'DEL {a}m'],
  },
  {
    waits: ['BLPOP {a}k 0'],
    lines: ['SELECT 3', 'RPUSH {a}k other', 'MOVE {a}k 0', 'EXISTS {a}k', 'SELECT 0'],
  },
  {
    waits: ['BLPOP {a}k 0'],
    lines: ['SELECT 3', 'RPUSH {a}k other', 'SWAPDB 0 3', 'EXISTS {a}k', 'SELECT 0', 'EXISTS {a}k'],
  },
]

/** Lines that do not wait long; for a client alone. */
const LINES: readonly string[] = [
  'BLPOP {a}k 0.001',
  'BRPOP {a}k {a}l 0.001',
  'BRPOPLPUSH {a}k {a}l 0.001',
  'BLMOVE {a}k {a}l LEFT LEFT 0.001',
  'BLMPOP 0.001 1 {a}k LEFT',
  'BZPOPMIN {a}k 0.001',
  'BZMPOP 0.001 1 {a}k MAX',
  'BLPOP {a}k -1',
  'BLPOP {a}k 1e300',
  'BLPOP {a}k inf',
  'BZPOPMAX {a}k x',
  'BLMOVE {a}k {a}l LEFT x 0',
  'BLMOVE {a}k {a}l LEFT LEFT x',
  'BLMPOP x 0 {a}k LEFT',
  'BLMPOP 0 0 {a}k LEFT',
  'BLMPOP 0 1 {a}k LEFT COUNT 0',
  'BZMPOP 0 1 {a}k LEFT',
  'SET {a}s v',
  'BLPOP {a}k {a}s 0',
  'BZPOPMIN {a}s 0',
  'BLMOVE {a}s {a}k LEFT LEFT 0',
  'BLMPOP 0 1 {a}s LEFT',
  'RPUSH {a}l 1 2 3 4 5',
  'BLPOP {a}k {a}l {a}s 0',
  'BRPOP {a}l 0',
  'BRPOPLPUSH {a}l {a}s 0',
  'BRPOPLPUSH {a}l {a}m 0',
  'BLMPOP 0 2 {a}k {a}l LEFT COUNT 9',
  'MULTI',
  'BLPOP {a}k 0',
  'BRPOPLPUSH {a}k {a}l 0',
  'BLMOVE {a}k {a}l LEFT LEFT 0',
  'BLMPOP 0 1 {a}k LEFT',
  'BZPOPMIN {a}k 0',
  'BZMPOP 0 1 {a}k MIN',
  'EXEC',
  'ZADD {a}z 1 a 2 b',
  'BZPOPMAX {a}z 0',
  'BZMPOP 0 1 {a}z MIN',
  'BLPOP {a}k',
  'BLMPOP 0 1 {a}k',
  'DEL {a}m {a}s',
]

/** All that is answered, with what was asked. */
async function transcript(connect: Connect, protocol: string): Promise<Reply[]> {
  const admin = await connect()
  const clients = [await connect(), await connect(), await connect()]
  const all: Reply[] = []
  for (const client of [admin, ...clients]) await ask(client, `HELLO ${protocol}`)
  const ids: Reply[] = []
  for (const client of clients) ids.push(await ask(client, 'CLIENT ID'))
  for (const line of LINES) all.push([line, await ask(admin, line)])
  for (const { waits, lines } of SCENES) {
    await ask(admin, 'FLUSHALL')
    const waiting: Waiting[] = []
    for (const [index, line] of waits.entries()) {
      waiting.push(await block(admin, clients[index], line))
    }
    all.push([...lines], await pipeline(admin, lines))
    // Whoever still waits is told to stop.
    for (const [index, { reply }] of waiting.entries()) {
      const unblocked = await ask(admin, `CLIENT UNBLOCK ${ids[index]} ERROR`)
      all.push([waits[index], unblocked, await reply])
    }
    all.push(await blockedCount(admin))
  }
  for (const client of [admin, ...clients]) await client.close()
  return all
}

t.test('the same as redis-server', { skip: redisSkip() }, async (t) => {
  const redis = await startRedis()
  const expected = [await transcript(() => redis.connect(), '2')]
  expected.push(await transcript(() => redis.connect(), '3'))
  await redis.stop()
  await inEveryConfiguration(t, ['--profile', 'redis'], async (t, server, index) => {
    await load(server)
    t.same(await transcript(() => server.connect(), '2'), expected[0], 'RESP2')
    if (index > 0) return
    t.same(await transcript(() => server.connect(), '3'), expected[1], 'RESP3')
  })
})
