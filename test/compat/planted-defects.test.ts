// The comparison with redis-server is tried itself: it must find every defect of a list that is
// planted between two real servers.

import t from 'tap'
import { redisSkip, startRedis } from '../support/redis.ts'
import type { RespClient } from '../support/resp-client.ts'
import { compareServers, type Peer } from './compare.ts'
import { DEFECTS } from './defects.ts'
import { CommandGenerator } from './generator.ts'

const CONNECTIONS = 3
/** The same in every run. */
const SEED_FOR_DEFECTS = 20_260_801
const COMMANDS_FOR_DEFECTS = 40_000

const skip = redisSkip()

interface Connectable {
  connect(): Promise<RespClient>
}

async function peerOf(server: Connectable): Promise<Peer> {
  const connections: RespClient[] = []
  for (let count = 0; count < CONNECTIONS; count++) connections.push(await server.connect())
  return { connections }
}

t.test('the comparison finds planted defects', { skip }, async (t) => {
  const [left, right] = [await startRedis(), await startRedis()]
  t.teardown(() => Promise.all([left.stop(), right.stop()]))
  const [ours, theirs] = [await peerOf(left), await peerOf(right)]
  const nowMs = Date.now()
  const sound = await compareServers(
    new CommandGenerator({ seed: SEED_FOR_DEFECTS, nowMs, profile: 'redis' }),
    ours,
    theirs,
    { commandCount: COMMANDS_FOR_DEFECTS },
  )
  t.same(sound.mismatches, [], 'two real servers agree')
  for (const name of new CommandGenerator({ seed: SEED_FOR_DEFECTS, nowMs, profile: 'redis' })
    .names) {
    t.ok(sound.counts.has(name.split('|')[0]), `${name} came`)
  }
  for (const { name, distort } of DEFECTS) {
    const generator = new CommandGenerator({ seed: SEED_FOR_DEFECTS, nowMs, profile: 'redis' })
    const found = await compareServers(generator, { ...ours, distort }, theirs, {
      commandCount: COMMANDS_FOR_DEFECTS,
      mismatchesMax: 1,
    })
    t.ok(found.mismatches.length > 0, `found: ${name}`)
  }
  t.ok(DEFECTS.length >= 10, 'at least ten defects were planted')
})
