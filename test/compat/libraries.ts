// Every client library with its default settings, behind one face: words in, plain values out.

import { Cluster as IoCluster, Redis as IoRedis } from 'ioredis'
import { Cluster as Io5Cluster, Redis as Io5Redis } from 'ioredis5'
import { Redis as Valkey, Cluster as ValkeyCluster } from 'iovalkey'
import { createClient, createCluster } from 'redis'
import { createClient as createClient4, createCluster as createCluster4 } from 'redis4'
import { createClient as createClient5, createCluster as createCluster5 } from 'redis5'

export interface Library {
  call(words: readonly string[]): Promise<unknown>
  close(): Promise<unknown>
}

export interface LibraryRow {
  name: string
  open(port: number): Promise<Library>
}

const HOST = '127.0.0.1'

interface Callable {
  call(command: string, ...words: string[]): Promise<unknown>
  quit(): Promise<unknown>
  on(event: 'error', listener: (error: Error) => void): unknown
}

function fromCallable(client: Callable, failures: Error[]): Library {
  client.on('error', (error) => failures.push(error))
  return {
    call: async (words) => {
      if (failures.length > 0) throw failures[0]
      return plain(await client.call(words[0], ...words.slice(1)))
    },
    close: () => client.quit(),
  }
}

interface Sendable {
  sendCommand(words: string[]): Promise<unknown>
  connect(): Promise<unknown>
  on(event: 'error', listener: (error: Error) => void): unknown
  quit(): Promise<unknown>
}

async function fromSendable(client: Sendable): Promise<Library> {
  client.on('error', () => {})
  await client.connect()
  return {
    call: async (words) => plain(await client.sendCommand([...words])),
    close: () => client.quit(),
  }
}

interface ClusterSendable {
  sendCommand(key: string | undefined, readOnly: boolean, words: string[]): Promise<unknown>
  connect(): Promise<unknown>
  on(event: 'error', listener: (error: Error) => void): unknown
  quit(): Promise<unknown>
}

async function fromCluster(client: ClusterSendable): Promise<Library> {
  client.on('error', () => {})
  await client.connect()
  return {
    call: async (words) => {
      const key = words.slice(1).find((word) => word.startsWith('{s}'))
      return plain(await client.sendCommand(key, false, [...words]))
    },
    close: () => client.quit(),
  }
}

/** What libraries make of replies, as JSON would have it. */
function plain(reply: unknown): unknown {
  if (Buffer.isBuffer(reply)) return reply.toString()
  if (Array.isArray(reply)) return reply.map(plain)
  if (reply instanceof Map) return plain(Object.fromEntries(reply))
  if (reply instanceof Set) return plain([...reply])
  if (typeof reply === 'object' && reply !== null) {
    return Object.fromEntries(Object.entries(reply).map(([name, value]) => [name, plain(value)]))
  }
  return typeof reply === 'bigint' ? Number(reply) : reply
}

const url = (port: number): string => `redis://${HOST}:${port}`
const node = (port: number) => [{ host: HOST, port }]
const roots = (port: number) => ({ rootNodes: [{ url: url(port) }] })

/** The libraries' types differ by version; what is called of them does not. */
function io(client: unknown): Library {
  return fromCallable(client as Callable, [])
}

export const LIBRARIES: readonly LibraryRow[] = [
  { name: 'ioredis 6', open: async (port) => io(new IoRedis(port, HOST)) },
  { name: 'ioredis 6 cluster', open: async (port) => io(new IoCluster(node(port))) },
  { name: 'ioredis 5', open: async (port) => io(new Io5Redis(port, HOST)) },
  { name: 'ioredis 5 cluster', open: async (port) => io(new Io5Cluster(node(port))) },
  { name: 'iovalkey', open: async (port) => io(new Valkey(port, HOST)) },
  { name: 'iovalkey cluster', open: async (port) => io(new ValkeyCluster(node(port))) },
  {
    name: 'redis 6',
    open: (port) => fromSendable(createClient({ url: url(port) }) as unknown as Sendable),
  },
  {
    name: 'redis 6 cluster',
    open: (port) => fromCluster(createCluster(roots(port)) as unknown as ClusterSendable),
  },
  {
    name: 'redis 5',
    open: (port) => fromSendable(createClient5({ url: url(port) }) as unknown as Sendable),
  },
  {
    name: 'redis 5 cluster',
    open: (port) => fromCluster(createCluster5(roots(port)) as unknown as ClusterSendable),
  },
  {
    name: 'redis 4',
    open: (port) => fromSendable(createClient4({ url: url(port) }) as unknown as Sendable),
  },
  {
    name: 'redis 4 cluster',
    open: (port) => fromCluster(createCluster4(roots(port)) as unknown as ClusterSendable),
  },
]
