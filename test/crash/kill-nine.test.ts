// kill -9 under pipelined load, again and again on the same data: nothing acknowledged is lost,
// every shard recovers a prefix of what was asked of it, an MSET and a transaction are there whole
// or not at all.

import t from 'tap'
import { SeededRandom } from '../../src/base/random.ts'
import { slotOfKey } from '../../src/dispatch/slots.ts'
import {
  CONFIGURATIONS,
  type Configuration,
  type DispatchCounts,
  dispatchCounts,
  flagsOf,
  nameOf,
} from '../support/matrix.ts'
import type { Reply } from '../support/resp.ts'
import type { RespClient } from '../support/resp-client.ts'
import { type CkvServer, makeDirectory, removeDirectory, startCkv } from '../support/server.ts'
import { Ledger, recoveryProblems, type States, wrongReplies } from './ledger.ts'
import { readShardOfSlot, readStates, runLoad } from './load.ts'

const ROUNDS = process.env.CI === 'true' || process.env.CKV_TEST_LONG !== undefined ? 20 : 3
const SEED = Number(process.env.CKV_TEST_SEED ?? 9)
const CONNECTIONS = 8
const ACKNOWLEDGED_MIN = 200
const ACKNOWLEDGED_SPREAD = 12_000

interface Round {
  /** Half-way to the kill: afterwards nobody can be asked. */
  dispatch: DispatchCounts
  ledgers: Ledger[]
  before: States
  replies: Reply[][]
}

async function loadAndKill(server: CkvServer, ledgers: Ledger[], killAt: number): Promise<Round> {
  const reader = await server.connect()
  const before = await readStates(
    reader,
    ledgers.flatMap(({ keys }) => keys),
  )
  await reader.close()
  const clients: RespClient[] = []
  for (const _ of ledgers) clients.push(await server.connect())
  const watcher = await server.connect()
  let dispatch: Promise<DispatchCounts> | undefined
  let acknowledged = 0
  const onAcknowledged = (): void => {
    acknowledged++
    if (acknowledged === killAt >> 1) dispatch = dispatchCounts(watcher)
    // Counted first: the load goes on meanwhile.
    if (acknowledged === killAt) dispatch?.finally(() => server.process.kill('SIGKILL'))
  }
  const replies = await Promise.all(
    clients.map((client, index) =>
      runLoad(client, ledgers[index], index % 2 === 0, onAcknowledged),
    ),
  )
  await server.process.exited
  if (dispatch === undefined) throw new Error('the load ended early')
  return { dispatch: await dispatch, ledgers, before, replies }
}

async function problemsAfter(round: Round, server: CkvServer): Promise<string[]> {
  const client = await server.connect()
  const shardOfSlot = await readShardOfSlot(client)
  const shardOf = (key: string): number => {
    const bytes = Buffer.from(key)
    return shardOfSlot(slotOfKey(bytes, 0, bytes.length))
  }
  const keys = round.ledgers.flatMap((ledger) => ledger.keys)
  const recovered = await readStates(client, keys)
  await client.close()
  return round.ledgers.flatMap((ledger, index) => [
    ...wrongReplies(ledger, round.before, round.replies[index]).slice(0, 5),
    ...recoveryProblems(ledger, round.before, recovered, shardOf),
  ])
}

function flagsOfRound(configuration: Configuration, round: number): string[] {
  // Shards stay the same; every fifth round holds replies until they are on the disk.
  return [...flagsOf(configuration), '--appendfsync', round % 5 === 4 ? 'always' : 'everysec']
}

t.test('kill -9 loses nothing that was acknowledged', async (t) => {
  const directory = makeDirectory()
  t.teardown(() => removeDirectory(directory))
  const random = new SeededRandom(SEED)
  const firstConfiguration = random.below(CONFIGURATIONS.length)
  let acknowledgedCount = 0
  let openCount = 0
  let placedCount = 0
  let ringedCount = 0
  for (let round = 0; round < ROUNDS; round++) {
    // All of them in a run of twenty; a short run begins anywhere.
    const configuration = CONFIGURATIONS[(firstConfiguration + 5 * round) % CONFIGURATIONS.length]
    const flags = flagsOfRound(configuration, round)
    const ledgers = Array.from(
      { length: CONNECTIONS },
      (_, connection) => new Ledger(connection, round, new SeededRandom(random.word())),
    )
    const killAt = ACKNOWLEDGED_MIN + random.below(ACKNOWLEDGED_SPREAD)
    const killed = await loadAndKill(await startCkv({ directory, flags }), ledgers, killAt)
    const server = await startCkv({ directory, flags })
    const problems = await problemsAfter(killed, server)
    await server.stop()
    for (const problem of problems) t.fail(problem, { at: null, stack: '' })
    t.pass(`round ${round}: ${nameOf(configuration)}`)
    const { placed, ringed } = killed.dispatch
    t.comment(`figure ${nameOf(configuration)}: placed ${placed}, ringed ${ringed}`)
    placedCount += placed
    ringedCount += ringed
    const acknowledged = ledgers.reduce((sum, ledger) => sum + ledger.acknowledgedCount, 0)
    acknowledgedCount += acknowledged
    openCount += ledgers.reduce((sum, ledger) => sum + ledger.commands.length, 0) - acknowledged
    t.ok(acknowledged >= killAt, 'the load was running when the server was killed')
  }
  t.ok(placedCount > 0 && ringedCount > 0, `${placedCount} placed, ${ringedCount} ringed`)
  t.comment(`figure kills ${ROUNDS}, acknowledged ${acknowledgedCount}, in flight ${openCount}`)
})

t.test('the ledger notices what it is for', async (t) => {
  const ledger = new Ledger(0, 0, new SeededRandom(1))
  const missing = { value: null, expiresAtMs: -1 }
  const before: States = new Map(ledger.keys.map((key) => [key, { ...missing }]))
  const after: States = new Map(ledger.keys.map((key) => [key, { ...missing }]))
  for (let count = 0; count < 200; count++) {
    const command = ledger.issue()
    for (const key of command.keys) command.apply(after.get(key) ?? missing, key)
  }
  const check = (recovered: States): string[] =>
    recoveryProblems(ledger, before, recovered, () => 0)
  const changed = (key: string, change: object): States =>
    new Map(
      [...after].map(([name, state]) => [name, name === key ? { ...state, ...change } : state]),
    )
  t.same(check(before), [], 'nothing acknowledged, nothing there')
  t.same(check(after), [], 'everything there')
  ledger.acknowledgedCount = 200
  t.match(check(before).join(), /fits no prefix/, 'all lost')
  const [group] = ledger.groupKeys
  t.match(check(changed(group, { value: 'other' })).join(), /torn/, 'a torn MSET')
  const [unit] = ledger.unitKeys
  t.match(check(changed(unit, { value: 'other' })).join(), /a transaction was torn/)
  const counter = ledger.counterKeys[0]
  t.match(check(changed(counter, { value: '99999' })).join(), /counter0/, 'a count too many')
  const plain = ledger.plainKeys[0]
  t.match(check(changed(plain, { expiresAtMs: 5 })).join(), /plain0/, 'another expiry')
  ledger.acknowledgedCount = 0
  t.match(check(changed(plain, { value: null })).join(), /fits no prefix/, 'a hole')
})
