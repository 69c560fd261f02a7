// COMMAND's replies as trees: sizes, profiles, and a few entries as Redis 7.0 shows them.

import t from 'tap'
import { argumentsOf, commandDocs, helpLines } from '../../src/catalog/command-docs.ts'
import {
  commandCount,
  commandGetKeys,
  commandInfo,
  commandList,
  commandTable,
} from '../../src/catalog/command-reply.ts'
import type { ReplyTree } from '../../src/catalog/reply-tree.ts'
import { PROFILE_CKV, PROFILE_EXTENDED, PROFILE_REDIS } from '../../src/catalog/spec.ts'
import { ALL_ROWS, COMMANDS } from '../../src/catalog/table.ts'

const PROFILES = [PROFILE_CKV, PROFILE_EXTENDED, PROFILE_REDIS]

/** The tree without kinds: lists as arrays, maps as objects. */
function plain(tree: ReplyTree): unknown {
  if (tree === null || typeof tree !== 'object') return tree
  if (tree instanceof Uint8Array) return Buffer.from(tree).toString('latin1')
  if (tree.kind === 'simple') return tree.text
  if (tree.kind === 'map') return Object.fromEntries(tree.entries.map(([k, v]) => [k, plain(v)]))
  return tree.items.map(plain)
}
const listed = (tree: ReplyTree): string[] => plain(tree) as string[]
const line = (...words: string[]): Uint8Array[] => words.map((word) => Buffer.from(word, 'latin1'))
const keysOf = (profile: number, ...words: string[]): unknown => {
  const answer = commandGetKeys(line(...words), profile)
  return typeof answer === 'string' ? answer : plain(answer)
}

t.test('entries have 6 elements in ckv and 10 elsewhere', async (t) => {
  for (const profile of PROFILES) {
    const table = plain(commandTable(profile)) as unknown[][]
    t.equal(table.length, commandCount(profile))
    for (const entry of table) t.equal(entry.length, profile === PROFILE_CKV ? 6 : 10)
  }
  t.ok(commandCount(PROFILE_CKV) < commandCount(PROFILE_EXTENDED))
})

t.test('an entry of 3.2', async (t) => {
  t.same(plain(commandInfo(['append', 'AUTH', 'scan', 'nosuch'], PROFILE_CKV)), [
    ['append', 3, ['write', 'denyoom'], 1, 1, 1],
    ['auth', 2, ['noscript', 'loading', 'stale', 'fast'], 0, 0, 0],
    null,
    null,
  ])
})

t.test('an entry of 7.0', async (t) => {
  t.same(plain(commandInfo(['mset'], PROFILE_REDIS)), [
    [
      'mset',
      -3,
      ['write', 'denyoom'],
      1,
      -1,
      2,
      ['@write', '@string', '@slow'],
      ['request_policy:multi_shard', 'response_policy:all_succeeded'],
      [
        {
          flags: ['OW', 'update'],
          begin_search: { type: 'index', spec: { index: 1 } },
          find_keys: { type: 'range', spec: { lastkey: -1, keystep: 2, limit: 0 } },
        },
      ],
      [],
    ],
  ])
  const [entry] = plain(commandInfo(['client|ID'], PROFILE_EXTENDED)) as unknown[][]
  t.same(entry.slice(0, 3), ['client|id', 2, ['noscript', 'loading', 'stale']])
})

t.test('names that no profile serves, or not this one, are left out', async (t) => {
  for (const profile of PROFILES) {
    const names = listed(commandList({ by: 'all' }, profile))
    for (const row of COMMANDS) t.equal(names.includes(row.name), (row.profiles & profile) !== 0)
  }
  t.same(plain(commandInfo(['__proto__', 'client|__proto__', 'get|x', '|'], PROFILE_REDIS)), [
    null,
    null,
    null,
    null,
  ])
})

t.test('COMMAND LIST filters', async (t) => {
  const pattern = Buffer.from('CLIENT|S*')
  t.same(listed(commandList({ by: 'pattern', pattern }, PROFILE_REDIS)), [
    'client|setname',
    'client|setinfo',
  ])
  t.same(listed(commandList({ by: 'module' }, PROFILE_REDIS)), [])
  const dangerous = listed(commandList({ by: 'category', category: 'Dangerous' }, PROFILE_REDIS))
  t.ok(dangerous.includes('keys') && dangerous.includes('config|get') && !dangerous.includes('get'))
  t.same(listed(commandList({ by: 'category', category: 'nosuch' }, PROFILE_REDIS)), [])
})

t.test('COMMAND GETKEYS', async (t) => {
  t.same(keysOf(PROFILE_REDIS, 'MSET', 'a', '1', 'b', '2'), ['a', 'b'])
  t.same(keysOf(PROFILE_REDIS, 'bitop', 'and', 'd', 'x', 'y'), ['d', 'x', 'y'])
  t.same(keysOf(PROFILE_REDIS, 'rename', 'a', 'b'), ['a', 'b'])
  t.equal(keysOf(PROFILE_REDIS, 'nosuch', 'a'), 'invalid-command')
  t.equal(keysOf(PROFILE_REDIS, 'get', 'a', 'b'), 'invalid-arity')
  t.equal(keysOf(PROFILE_REDIS, 'ping', 'a'), 'no-keys')
  t.equal(keysOf(PROFILE_REDIS, 'client', 'id'), 'no-keys')
  t.equal(keysOf(PROFILE_REDIS, 'client', 'nosuch'), 'invalid-command')
  t.equal(keysOf(PROFILE_CKV, 'getdel', 'a'), 'invalid-command')
})

t.test('COMMAND DOCS', async (t) => {
  const docs = plain(commandDocs([], PROFILE_EXTENDED)) as Record<string, Record<string, unknown>>
  t.equal(Object.keys(docs).length, commandCount(PROFILE_EXTENDED))
  for (const entry of Object.values(docs)) {
    t.match(entry, { summary: String, since: String, group: String })
  }
  t.same(plain(commandDocs(['nosuch', 'EXPIRE'], PROFILE_EXTENDED)), {
    expire: {
      summary: 'Lets a key expire after some seconds.',
      since: '1.0.0',
      group: 'generic',
      arguments: [
        { name: 'key', type: 'key', key_spec_index: 0 },
        { name: 'seconds', type: 'integer' },
        {
          name: 'nx_xx_gt_lt',
          type: 'oneof',
          flags: ['optional'],
          arguments: ['NX', 'XX', 'GT', 'LT'].map((token) => ({
            name: token.toLowerCase(),
            type: 'pure-token',
            token,
          })),
        },
      ],
    },
  })
  const types = [...JSON.stringify(docs).matchAll(/"type":"([^"]*)"/g)].map(([, type]) => type)
  const known = /^(string|integer|double|key|pattern|unix-time|pure-token|oneof|block)$/
  t.same(
    types.filter((type) => !known.test(type)),
    [],
    'clients know every type',
  )
  const subcommands = docs.client.subcommands as Record<string, unknown>
  t.ok('client|setname' in subcommands)
})

t.test('the syntax notation', async (t) => {
  const brief = (syntax: string): unknown =>
    argumentsOf(syntax).map(({ name, type, token, optional, multiple, parts }) => [
      name,
      type,
      token,
      optional,
      multiple,
      parts.length,
    ])
  t.same(brief('(key value) ...'), [['key_value', 'block', '', false, true, 2]])
  t.same(brief('[EX seconds:integer|KEEPTTL]'), [['seconds_keepttl', 'oneof', '', true, false, 2]])
  t.same(brief('[MATCH pattern] [name ...]'), [
    ['pattern', 'pattern', 'MATCH', true, false, 0],
    ['name', 'string', '', true, true, 0],
  ])
  t.same(brief('[AUTH user password]'), [['user_password', 'block', 'AUTH', true, false, 2]])
  t.same(brief(''), [])
  t.throws(() => argumentsOf('key ] x'), /closes what it opens/)
  t.throws(() => argumentsOf('[NX'), /closes what it opens/)
})

t.test('HELP lines name every subcommand that the profile serves', async (t) => {
  for (const row of COMMANDS) {
    if (row.subcommands.length === 0) continue
    for (const profile of PROFILES) {
      const text = helpLines(row, profile).join('\n')
      for (const subrow of row.subcommands) {
        const word = subrow.name.slice(row.name.length + 1).toUpperCase()
        const served = (subrow.profiles & profile) !== 0
        t.equal(new RegExp(`^${word}( |$)`, 'm').test(text), served, subrow.name)
      }
    }
  }
})

t.test('every reply is ASCII', async (t) => {
  for (const profile of PROFILES) {
    const names = ALL_ROWS.map((row) => row.name)
    const text = JSON.stringify([commandInfo(names, profile), commandDocs(names, profile)])
    t.match(text, /^[ -~]*$/)
  }
})
