// Entry of an acceptor thread: attaches to the shared memory, listens, and obeys main.

import { parentPort, workerData } from 'node:worker_threads'
import { assert } from '../base/assert.ts'
import { GREAT_REQUEST_BYTES } from '../base/limits.ts'
import { PROFILE_REDIS } from '../catalog/spec.ts'
import { ROWS_BY_CODE } from '../catalog/table.ts'
import { Counters } from '../counters/counters.ts'
import { attachExecutor, replyRing, requestRing } from '../executor/attach.ts'
import type { ThreadPlan } from '../executor/plan.ts'
import { loadHasher } from '../log/checksum.ts'
import { replyBytesMax } from '../options/rows.ts'
import { RegistrationArea } from '../pubsub/area.ts'
import { Exchange } from '../pubsub/exchange.ts'
import { Registry } from '../pubsub/registry.ts'
import { ChunkPool } from '../ring/pool.ts'
import { RequestWriter } from '../ring/requests.ts'
import type { Ring } from '../ring/ring.ts'
import { Acceptor } from './acceptor.ts'
import { Administration } from './administration.ts'
import { Answers } from './answers.ts'
import { Blocking } from './blocking.ts'
import { answerQuestion, GoneClients } from './clients.ts'
import type { Connection } from './connection.ts'
import { Inbox } from './inbox.ts'
import { LaterReplies } from './later.ts'
import { Listener } from './listener.ts'
import { MessageSink } from './message-sink.ts'
import { Monitors } from './monitors.ts'
import { OtherAcceptors } from './other-acceptors.ts'
import { Output } from './output.ts'
import { OwnCommands } from './own-commands.ts'
import { Peers } from './peers.ts'
import { Placing } from './placing.ts'
import { Router } from './router.ts'
import { RequestSender } from './sender.ts'
import { Session } from './session.ts'
import { SESSION_HANDLERS_BY_CODE } from './session-handlers.ts'
import { Transactions } from './transactions.ts'
import { TurnLog } from './turn.ts'

/** How often a stopping acceptor looks whether its clients have got everything, in ms. */
const STOP_LOOK_MS = 5
/** A clean stop waits at most so long for clients to take their replies, in ms. */
const STOP_PATIENCE_MS = 3000

const plan = workerData as ThreadPlan
const port = parentPort
assert(port !== null, 'an acceptor is a child of main')

await loadHasher()
const { shared, thread, index } = plan
const { facts } = shared
const counters = new Counters(shared.counters, thread)
const { outputLimitNormal, outputLimitPubsub } = facts.options
const output = new Output(counters, outputLimitNormal, outputLimitPubsub)
const { rows, clock, sides, executor } = attachExecutor(shared, thread, output.writer)
const pool = new ChunkPool(shared.pool, GREAT_REQUEST_BYTES)
const requests: RequestWriter[] = []
const replies: Ring[] = []
for (let shard = 0; shard < facts.shardCount; shard++) {
  requests.push(new RequestWriter(requestRing(shared, rows, index, shard)))
  replies.push(replyRing(shared, rows, index, shard))
}
const connections: (Connection | null)[] = []
const inbox = new Inbox(executor, replies, pool, output, counters, connections)
const turn = new TurnLog(connections)
const anyRow = ROWS_BY_CODE.find((row) => row !== undefined)
assert(anyRow !== undefined, 'the catalog has rows')
const later = new LaterReplies(inbox, replyBytesMax(facts.options.outputLimitNormal))
const monitors = new Monitors(rows, output)
const gone = new GoneClients()
const peers = new Peers(facts.runId, index, facts.acceptorCount, {
  answer: (question) => {
    if (question.kind !== 'unblock') {
      return answerQuestion(question, connections, gone, clock.monotonicMs())
    }
    return blocking.unblock(connections, question.id, question.isError)
  },
  hear: (notice) => {
    if (notice.kind === 'commands') monitors.show(notice.lines)
    else later.schedule()
  },
})
monitors.tell = (notice) => peers.tell(notice)
const settings = { options: facts.options, free: {}, passwordDigest: facts.passwordDigest }
const { stopwatch } = executor
assert(stopwatch !== null, 'attached executors have a stopwatch')
const administration = new Administration(settings, later, peers, monitors, stopwatch, (message) =>
  port.postMessage(message),
)
administration.onSettings = ({ options }) => {
  output.setLimits(options.outputLimitNormal, options.outputLimitPubsub)
}
const exchange =
  facts.acceptorCount === 1
    ? null
    : new Exchange(
        shared.exchange,
        shared.exchangeRingBytes,
        index,
        rows,
        shared.acceptorThreads,
        pool,
      )
const pubsub = new Registry<Connection>(
  shared.hashKey0,
  shared.hashKey1,
  facts.shardCount,
  facts.profile !== PROFILE_REDIS,
  new RegistrationArea(shared.exchange, sides),
  exchange,
  new MessageSink(output),
)
inbox.publish = (messages) => pubsub.publishAll(messages)
const session = new Session(
  facts,
  counters,
  rows,
  clock,
  sides,
  output.writer,
  index,
  administration,
  pubsub,
  anyRow,
)
const answers = new Answers(output, counters)
const own = new OwnCommands(session, SESSION_HANDLERS_BY_CODE)
const placing = new Placing(executor, answers, turn)
const sender = new RequestSender(executor, requests, pool, inbox, facts.profile)
const blocking = new Blocking(executor.call, index, placing, sender, inbox, clock)
const transactions = new Transactions(executor, placing, sender, own, answers, pubsub)
const router = new Router(executor, answers, own, placing, sender, transactions, blocking, session)
const acceptor = new Acceptor(
  rows,
  executor,
  router,
  answers,
  inbox,
  output,
  turn,
  pubsub,
  blocking,
  new OtherAcceptors(shared, executor, counters),
  clock,
  counters,
  connections,
)
later.schedule = () => acceptor.schedule()
monitors.schedule = later.schedule
acceptor.onClosed = (connection) => {
  monitors.remove(connection)
  gone.add(connection, clock.monotonicMs())
}
const listener = new Listener(acceptor, facts, rows, clock, counters, administration, (error) => {
  port.postMessage({ kind: 'failed', message: error.message })
})
listener.listen(() => port.postMessage({ kind: 'listening' }))

port.on('message', (message: { kind: string }) => {
  if (administration.receive(message)) return
  if (message.kind === 'stop') stop()
})

/** No new clients, nothing more read; what was begun is answered, then everybody is sent away. */
function stop(): void {
  listener.close()
  for (const connection of connections) connection?.socket.pause()
  const deadlineMs = clock.monotonicMs() + STOP_PATIENCE_MS
  const look = (): void => {
    acceptor.schedule()
    if (!acceptor.isQuiet() && clock.monotonicMs() < deadlineMs) {
      setTimeout(look, STOP_LOOK_MS)
      return
    }
    for (const connection of connections) connection?.socket.finish()
    peers.close()
    setImmediate(() => {
      port?.postMessage({ kind: 'stopped' })
      port?.close()
    })
  }
  setImmediate(look)
}
