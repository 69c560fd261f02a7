// Profile redis against a real redis-server 7.0: the same command lines, whole replies compared.
// What has to differ (ids, times, the list of commands) is compared by its shape.

import t from 'tap'
import { type RedisServer, redisSkip, startRedis } from '../support/redis.ts'
import type { Reply } from '../support/resp.ts'
import { makeFixture } from '../support/session-fixture.ts'

/** Run in this order on one connection each, first in RESP2, then in RESP3. */
const SAME: readonly (readonly string[])[] = [
  ['PING'],
  ['PING', 'x'],
  ['PING', ''],
  ['PING', 'a', 'b'],
  ['ECHO', 'a\r\nb'],
  ['ECHO'],
  ['SELECT', '15'],
  ['SELECT', '16'],
  ['SELECT', '-1'],
  ['SELECT', ''],
  ['SELECT', ' 1'],
  ['SELECT', '01'],
  ['SELECT', 'abc'],
  ['SELECT', '2147483648'],
  ['SELECT', '9223372036854775807'],
  ['SELECT', '9223372036854775808'],
  ['SELECT', '0'],
  ['CLIENT', 'GETNAME'],
  ['CLIENT', 'SETNAME', 'a b'],
  ['CLIENT', 'SETNAME', 'a\nb'],
  ['CLIENT', 'SETNAME', '\x80'],
  ['CLIENT', 'SETNAME', 'me'],
  ['CLIENT', 'GETNAME'],
  ['CLIENT', 'SETNAME', ''],
  ['CLIENT', 'GETNAME'],
  ['HELLO', 'x'],
  ['HELLO', '1'],
  ['HELLO', '4'],
  ['HELLO', '2', 'foo'],
  ['HELLO', '2', 'AUTH', 'x'],
  ['HELLO', '2', 'AUTH', 'somebody', 'x'],
  ['HELLO', '2', 'SETNAME'],
  ['HELLO', '2', 'SETNAME', 'a b'],
  ['AUTH', 'x'],
  ['AUTH', 'default', 'x'],
  ['AUTH', 'somebody', 'x'],
  ['AUTH', 'a', 'b', 'c'],
  ['COMMAND', 'GETKEYS', 'get', 'k'],
  ['COMMAND', 'GETKEYS', 'mset', 'a', '1', 'b', '2'],
  ['COMMAND', 'GETKEYS', 'nope', 'k'],
  ['COMMAND', 'GETKEYS', 'ping', 'k'],
  ['COMMAND', 'GETKEYS', 'get', 'a', 'b'],
  ['COMMAND', 'INFO', 'nope', '__proto__'],
  ['COMMAND', 'LIST', 'x'],
  ['COMMAND', 'LIST', 'FILTERBY', 'x', 'y'],
  ['COMMAND', 'LIST', 'FILTERBY', 'MODULE', 'y'],
  ['COMMAND', 'LIST', 'FILTERBY', 'ACLCAT', 'y'],
  ['COMMAND', 'LIST', 'FILTERBY', 'PATTERN', 'ping'],
  ['COMMAND', 'DOCS', 'nope'],
  ['CONFIG', 'GET', 'nothing*'],
  ['CONFIG', 'GET', 'save'],
  ['CONFIG', 'GET', 'databases'],
  ['CONFIG', 'GET'],
  ['INFO', 'nosuch'],
  ['RESET'],
]

/** Before AUTH, with a password set. */
const BEFORE_AUTH: readonly (readonly string[])[] = [
  ['HELLO'],
  ['HELLO', '3'],
  ['HELLO', '3', 'SETNAME', 'x'],
  ['HELLO', '4'],
  ['HELLO', '3', 'AUTH', 'default', 'wrong'],
  ['HELLO', '3', 'AUTH', 'somebody', 'right'],
  ['AUTH', 'wrong'],
  ['AUTH', 'default', 'wrong'],
  ['AUTH', 'somebody', 'right'],
  ['RESET'],
  ['AUTH', 'default', 'right'],
  ['RESET'],
  ['AUTH', 'right'],
]

const skip = redisSkip()
let open: RedisServer
let locked: RedisServer
t.before(async () => {
  if (skip !== false) return
  open = await startRedis()
  locked = await startRedis('--requirepass', 'right')
})
t.teardown(() => Promise.all([open?.stop(), locked?.stop()]))

/** Asks on a new connection. */
async function asking(server: RedisServer): Promise<(...words: string[]) => Promise<Reply>> {
  const client = await server.connect()
  return (...words) => client.send(...words)
}

t.test('the same replies in RESP2 and RESP3', { skip }, async (t) => {
  let compared = 0
  for (const protocol of [2, 3] as const) {
    const ask = await asking(open)
    const ours = makeFixture({ profile: 'redis' })
    if (protocol === 3) {
      await ask('HELLO', '3')
      ours.run('HELLO', '3')
    }
    for (const words of SAME) {
      t.same(ours.run(...words), await ask(...words), `RESP${protocol}: ${words.join(' ')}`)
      compared++
    }
  }
  t.comment(`compared ${compared} replies`)
  t.equal(compared, SAME.length * 2)
})

t.test('the same replies before AUTH', { skip }, async (t) => {
  const ask = await asking(locked)
  const ours = makeFixture({ profile: 'redis', password: 'right' })
  for (const words of BEFORE_AUTH) {
    t.same(ours.run(...words), await ask(...words), words.join(' '))
  }
})

t.test('the same shapes', { skip }, async (t) => {
  for (const protocol of ['2', '3']) {
    const ask = await asking(open)
    const ours = makeFixture({ profile: 'redis' })
    const both = async (...words: string[]): Promise<[Reply, Reply]> => [
      ours.run(...words),
      await ask(...words),
    ]
    const [ourGreeting, itsGreeting] = await both('HELLO', protocol)
    t.same(withoutId(ourGreeting), withoutId(itsGreeting), 'all but the id')
    for (const words of [
      ['TIME'],
      ['CLIENT', 'ID'],
      ['COMMAND', 'INFO', 'get', 'mset', 'select', 'echo'],
      ['CLIENT', 'HELP'],
      ['INFO', 'cluster'],
    ]) {
      const [our, its] = await both(...words)
      t.same(shapeOf(our), shapeOf(its), `RESP${protocol}: ${words.join(' ')}`)
    }
  }
})

t.test('INFO uses the names of Redis', { skip }, async (t) => {
  const ask = await asking(open)
  const its = namesOf(textOf(await ask('INFO', 'everything')))
  const ours = namesOf(textOf(makeFixture({ profile: 'redis' }).run('INFO')))
  const own = [...ours].filter((name) => !its.has(name))
  // Ours, those of 3.2, those that a server with a log shows, and those of loading.
  t.same(own.sort(), [
    'aof_base_size',
    'aof_buffer_length',
    'aof_current_size',
    'aof_pending_bio_fsync',
    'aof_pending_rewrite',
    'ckv_instance',
    'ckv_profile',
    'ckv_version',
    'loading_shards_left',
    'loading_start_time',
    'node_version',
  ])
})

function withoutId(greeting: Reply): Reply {
  const text = JSON.stringify(greeting).replace(/"id",\d+/, '"id",0')
  return JSON.parse(text)
}

/** Types and nesting; a list of like things counts as one of them. */
function shapeOf(reply: Reply): unknown {
  if (reply === null || typeof reply !== 'object') return typeof reply
  if (Array.isArray(reply)) return shapesOf(reply)
  if ('set' in reply) return { set: shapesOf(reply.set) }
  if ('map' in reply) return { map: reply.map.map(([key, value]) => [key, shapeOf(value)]) }
  return Object.keys(reply)
}

function shapesOf(replies: readonly Reply[]): unknown[] {
  const shapes = new Map(replies.map((item) => [JSON.stringify(shapeOf(item)), shapeOf(item)]))
  return shapes.size === 1 ? [...shapes.values()] : replies.map(shapeOf)
}

function textOf(reply: Reply): string {
  if (typeof reply === 'string') return reply
  throw new Error('INFO in RESP2 is a bulk')
}

function namesOf(text: string): Set<string> {
  return new Set(
    text
      .split('\r\n')
      .filter((line) => /^[a-z]/.test(line))
      .map((line) => line.slice(0, line.indexOf(':'))),
  )
}
