// The pub/sub of client libraries with their default settings, single and cluster, against two
// acceptors: what one connection publishes the others receive, and nothing after they left.

import { Cluster as IoCluster, Redis as IoRedis } from 'ioredis'
import { Cluster as Io5Cluster, Redis as Io5Redis } from 'ioredis5'
import { Redis as Valkey } from 'iovalkey'
import { createClient, createCluster } from 'redis'
import { createClient as createClient4 } from 'redis4'
import { createClient as createClient5 } from 'redis5'
import t from 'tap'
import { startCkv } from '../support/server.ts'
import { until } from '../support/until.ts'

const MS_MAX = 10_000
const HOST = '127.0.0.1'

/** One library's way to do it. `heard` gets "channel message" and "pattern channel message". */
interface PubSub {
  open(port: number, heard: string[]): Promise<unknown>
  subscribe(): Promise<unknown>
  publish(channel: string, message: string): Promise<unknown>
  unsubscribe(): Promise<unknown>
  close(): Promise<unknown>
}

interface IoClient {
  on(event: string, listener: (...words: string[]) => void): unknown
  subscribe(...channels: string[]): Promise<unknown>
  psubscribe(...patterns: string[]): Promise<unknown>
  unsubscribe(...channels: string[]): Promise<unknown>
  punsubscribe(...patterns: string[]): Promise<unknown>
  publish(channel: string, message: string): Promise<unknown>
  quit(): Promise<unknown>
}

function fromIo(make: (port: number) => IoClient): PubSub {
  let subscriber: IoClient
  let publisher: IoClient
  return {
    open: async (port, heard) => {
      subscriber = make(port)
      publisher = make(port)
      subscriber.on('message', (channel, message) => heard.push(`${channel} ${message}`))
      subscriber.on('pmessage', (...words) => heard.push(words.join(' ')))
    },
    subscribe: async () => {
      await subscriber.subscribe('news', 'weather')
      await subscriber.psubscribe('n*')
    },
    publish: (channel, message) => publisher.publish(channel, message),
    unsubscribe: async () => {
      // Without names libraries wait for the count 0, which patterns are part of.
      await subscriber.unsubscribe('news', 'weather')
      await subscriber.punsubscribe('n*')
    },
    close: () => Promise.all([subscriber.quit(), publisher.quit()]),
  }
}

type Listener = (message: string, channel: string) => void

interface NodeClient {
  on(event: 'error', listener: (error: Error) => void): unknown
  connect(): Promise<unknown>
  subscribe(channels: string[], listener: Listener): Promise<unknown>
  pSubscribe(pattern: string, listener: Listener): Promise<unknown>
  unsubscribe(channels: string[]): Promise<unknown>
  pUnsubscribe(pattern: string): Promise<unknown>
  publish(channel: string, message: string): Promise<unknown>
  quit(): Promise<unknown>
}

function fromNode(make: (port: number) => unknown): PubSub {
  let subscriber: NodeClient
  let publisher: NodeClient
  let said: string[] = []
  return {
    open: async (port, heard) => {
      said = heard
      subscriber = make(port) as NodeClient
      publisher = make(port) as NodeClient
      for (const client of [subscriber, publisher]) {
        client.on('error', (error) => heard.push(String(error)))
        await client.connect()
      }
    },
    subscribe: async () => {
      await subscriber.subscribe(['news', 'weather'], (message, channel) => {
        said.push(`${channel} ${message}`)
      })
      await subscriber.pSubscribe('n*', (message, channel) => {
        said.push(`n* ${channel} ${message}`)
      })
    },
    publish: (channel, message) => publisher.publish(channel, message),
    unsubscribe: async () => {
      await subscriber.unsubscribe(['news', 'weather'])
      await subscriber.pUnsubscribe('n*')
    },
    close: () => Promise.all([subscriber.quit(), publisher.quit()]),
  }
}

const nodes = (port: number) => [{ host: HOST, port }]
const url = (port: number): string => `redis://${HOST}:${port}`

const LIBRARIES: Readonly<Record<string, PubSub>> = {
  'ioredis 6': fromIo((port) => new IoRedis(port, HOST) as unknown as IoClient),
  'ioredis 6 cluster': fromIo((port) => new IoCluster(nodes(port)) as unknown as IoClient),
  'ioredis 5': fromIo((port) => new Io5Redis(port, HOST) as unknown as IoClient),
  'ioredis 5 cluster': fromIo((port) => new Io5Cluster(nodes(port)) as unknown as IoClient),
  iovalkey: fromIo((port) => new Valkey(port, HOST) as unknown as IoClient),
  'redis 6': fromNode((port) => createClient({ url: url(port) })),
  'redis 6, RESP2': fromNode((port) => createClient({ url: url(port), RESP: 2 })),
  'redis 6 cluster': fromNode((port) => createCluster({ rootNodes: [{ url: url(port) }] })),
  'redis 5': fromNode((port) => createClient5({ url: url(port) })),
  'redis 5, RESP3': fromNode((port) => createClient5({ url: url(port), RESP: 3 })),
  'redis 4': fromNode((port) => createClient4({ url: url(port) })),
}

t.test('client libraries', async (t) => {
  const server = await startCkv({ flags: ['--acceptors', '2'] })
  for (const [name, library] of Object.entries(LIBRARIES)) {
    await t.test(name, async (t) => {
      const heard: string[] = []
      await library.open(server.port, heard)
      await library.subscribe()
      t.equal(await library.publish('news', 'one'), 2)
      t.equal(await library.publish('weather', 'two'), 1)
      await until('all came', MS_MAX, () => heard.length >= 3)
      t.same(heard, ['news one', 'n* news one', 'weather two'])
      await library.unsubscribe()
      t.equal(await library.publish('news', 'three'), 0)
      await library.close()
      t.equal(heard.length, 3, 'nothing more')
    })
  }
  await server.stop()
})
