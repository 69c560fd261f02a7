// A reply that is longer than a client's may be is not sent; what it tells of was not taken away.

import t from 'tap'
import { ShardFixture, type Words } from '../support/shard-fixture.ts'
import { checkSound } from './script.ts'

const ITEMS = Array.from({ length: 300 }, (_, index) => `${index}`.padEnd(100, 'i'))
const SCORED = ITEMS.flatMap((item, index) => [`${index}`, item])
const LIMIT_BYTES = 4096

const POPS: Words[] = [
  ['LPOP', 'l', '200'],
  ['RPOP', 'l', '300'],
  ['LMPOP', '1', 'l', 'LEFT', 'COUNT', '200'],
  ['SPOP', 'e', '200'],
  ['SPOP', 'e', '300'],
  ['ZPOPMIN', 'z', '200'],
  ['ZMPOP', '1', 'z', 'MAX', 'COUNT', '300'],
]

function makeFixture(): ShardFixture {
  const fixture = new ShardFixture({ profile: 'redis' })
  fixture.run('RPUSH', 'l', ...ITEMS)
  fixture.run('SADD', 'e', ...ITEMS)
  fixture.run('ZADD', 'z', ...SCORED)
  const { reply } = fixture.call
  reply.use(Buffer.alloc(LIMIT_BYTES / 2))
  reply.limitBytes = LIMIT_BYTES
  return fixture
}

t.test('what cannot be told is not popped', async (t) => {
  for (const command of POPS) {
    const fixture = makeFixture()
    const { reply } = fixture.call
    const contents = fixture.contents()
    const name = command.map(String).join(' ')
    t.throws(() => fixture.run(...command), /overflowed/, `${name}: too long`)
    reply.clear()
    t.same(fixture.contents(), contents, `${name}: nothing changed`)
    reply.limitBytes = 1_000_000
    t.ok(Array.isArray(fixture.run(...command)), `${name}: works with room`)
    checkSound(t, fixture, name)
  }
})

t.test('a transaction takes place as a whole, though its client is cut', async (t) => {
  for (const command of POPS) {
    const fixture = makeFixture()
    const [key, ...others] = ['l', 'e', 'z'].filter((name) => command.includes(name))
    fixture.call.inTransaction = true
    const name = command.map(String).join(' ')
    t.throws(() => fixture.run(...command), /overflowed/, `${name}: too long`)
    fixture.call.reply.clear()
    const left = 300 - Number(/\d+$/.exec(name))
    const counted = { l: 'LLEN', e: 'SCARD', z: 'ZCARD' }[key] as string
    t.same([fixture.run(counted, key), others], [left, []], name)
    checkSound(t, fixture, name)
  }
})
