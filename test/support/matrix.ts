// The configurations that every correctness test runs in: dispatch × acceptors × workers.

import type { Test } from 'tap'
import type { RespClient } from './resp-client.ts'
import { type CkvServer, startCkv } from './server.ts'

export interface Configuration {
  dispatch: 'auto' | 'ring' | 'place'
  acceptors: number
  workers: number
}

export const CONFIGURATIONS: readonly Configuration[] = (['auto', 'ring', 'place'] as const)
  .flatMap((dispatch) => [1, 2].map((acceptors) => ({ dispatch, acceptors })))
  .flatMap((half) => [1, 2].map((workers) => ({ ...half, workers })))

/** All of them in a long run; else one for each way to dispatch. */
export function configurationsOfRun(): readonly Configuration[] {
  if (process.env.CI === 'true' || process.env.CKV_TEST_LONG !== undefined) return CONFIGURATIONS
  return CONFIGURATIONS.filter(({ acceptors, workers }) => acceptors === 2 && workers === 2)
}

export function nameOf({ dispatch, acceptors, workers }: Configuration): string {
  return `dispatch ${dispatch}, acceptors ${acceptors}, workers ${workers}`
}

export function flagsOf({ dispatch, acceptors, workers }: Configuration): string[] {
  const threads = ['--acceptors', String(acceptors), '--workers', String(workers)]
  return ['--dispatch', dispatch, ...threads, '--shards', '4', '--shard-memory', '256mb']
}

export interface DispatchCounts {
  placed: number
  ringed: number
}

/** How many commands ran in place and through the rings since the server started. */
export async function dispatchCounts(client: RespClient): Promise<DispatchCounts> {
  const text = JSON.stringify(await client.send('INFO', 'all'))
  const number = (name: string): number => Number(new RegExp(`${name}:(\\d+)`).exec(text)?.[1])
  return { placed: number('commands_placed'), ringed: number('commands_ringed') }
}

/**
 * Runs `body` against a fresh server in every configuration. Prints how the commands were
 * dispatched and checks it against the mode: `auto` must have used both ways.
 */
export async function inEveryConfiguration(
  t: Test,
  flags: readonly string[],
  body: (t: Test, server: CkvServer, index: number) => Promise<void>,
): Promise<void> {
  for (const [index, configuration] of configurationsOfRun().entries()) {
    await t.test(nameOf(configuration), async (t) => {
      const server = await startCkv({ flags: [...flagsOf(configuration), ...flags] })
      try {
        await body(t as Test, server, index)
        await checkDispatch(t as Test, server, configuration)
      } finally {
        await server.stop()
      }
    })
  }
}

async function checkDispatch(
  t: Test,
  server: CkvServer,
  configuration: Configuration,
): Promise<void> {
  judgeDispatch(t, configuration, await countsOf(server))
}

/** Prints how commands were dispatched and checks it against the mode. */
export function judgeDispatch(
  t: Test,
  configuration: Configuration,
  { placed, ringed }: DispatchCounts,
): void {
  const { dispatch } = configuration
  t.comment(`figure ${nameOf(configuration)}: placed ${placed}, ringed ${ringed}`)
  if (dispatch === 'ring') t.equal(placed, 0, 'no command was placed')
  else t.ok(placed > 0, `some commands were placed: ${placed}`)
  if (dispatch !== 'place') t.ok(ringed > 0, `some commands were ringed: ${ringed}`)
}

/** The counts of a server, by a connection of its own. */
export async function countsOf(server: CkvServer): Promise<DispatchCounts> {
  const client = await server.connect()
  try {
    return await dispatchCounts(client)
  } finally {
    await client.close()
  }
}
