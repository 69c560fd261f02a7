// Table tests: lines of `command -> reply`, run one after another on one fixture.

import type { Test } from 'tap'
import type { ProfileName } from '../../src/catalog/spec.ts'
import type { Reply } from '../support/resp.ts'
import { ShardFixture, type ShardOptions, type Words } from '../support/shard-fixture.ts'

export const OK: Reply = { simple: 'OK' }
export const WRONG_TYPE = 'WRONGTYPE Operation against a key holding the wrong kind of value'
export const NOT_INTEGER = 'ERR value is not an integer or out of range'
export const SYNTAX = 'ERR syntax error'

export const PROFILES: readonly ProfileName[] = ['ckv', 'extended', 'redis']
export const LATER: readonly ProfileName[] = ['extended', 'redis']

export function error(text: string): Reply {
  return { error: text }
}

/** Words are split at blanks; `''` is an empty argument. An array is taken as it is. */
export type Line = readonly [command: string | Words, reply: Reply]

export function wordsOf(command: string | Words): Words {
  if (typeof command !== 'string') return command
  return command.split(' ').map((word) => (word === "''" ? '' : word))
}

/** Runs the lines on a fresh fixture, in each profile, on one shard and on three. */
export function script(
  t: Test,
  profiles: readonly ProfileName[],
  lines: readonly Line[],
  options: ShardOptions = {},
): void {
  for (const profile of profiles) {
    for (const shards of [1, 3]) {
      const fixture = new ShardFixture({ profile, shards, ...options })
      runLines(t, fixture, lines, `${profile}, ${shards} shards`)
    }
  }
}

/** Runs the lines, then looks whether memory is sound and the log tells the same. */
export function runLines(
  t: Test,
  fixture: ShardFixture,
  lines: readonly Line[],
  name: string,
): void {
  for (const [command, reply] of lines) {
    const words = wordsOf(command)
    const shown = words.map(String).join(' ').slice(0, 60)
    t.same(fixture.run(...words), reply, `${name}: ${shown}`)
  }
  checkSound(t, fixture, name)
}

export function checkSound(t: Test, fixture: ShardFixture, name: string): void {
  t.same(fixture.findings(), [], `${name}: memory is sound`)
  t.same(fixture.recovered(), fixture.contents(), `${name}: the log gives back what is stored`)
}
