// What string commands say to a key that holds something else, and which commands do not care.

import t from 'tap'
import { ShardFixture } from '../support/shard-fixture.ts'
import { error, type Line, OK, WRONG_TYPE, wordsOf } from './script.ts'

/** A key `{t}o` that is no string. */
function plant(fixture: ShardFixture): void {
  fixture.run('HSET', '{t}o', 'f', 'v')
}

function listCommands(key: string): string[] {
  return [
    `LPUSH ${key} a`,
    `RPUSH ${key} a`,
    `LPUSHX ${key} a`,
    `RPUSHX ${key} a`,
    `LPOP ${key}`,
    `RPOP ${key} 2`,
    `LLEN ${key}`,
    `LINDEX ${key} x`,
    `LSET ${key} x a`,
    `LRANGE ${key} 0 -1`,
    `LTRIM ${key} 0 1`,
    `LREM ${key} 0 a`,
    `LINSERT ${key} BEFORE a b`,
    `RPOPLPUSH ${key} {t}d`,
    `LMOVE ${key} {t}d LEFT LEFT`,
    `LPOS ${key} a`,
    `LMPOP 2 {t}missing ${key} LEFT`,
  ]
}

const LINES: readonly Line[] = [
  ...[
    'GET {t}o',
    'STRLEN {t}o',
    'SET {t}o v GET',
    'GETSET {t}o v',
    'GETDEL {t}o',
    'GETEX {t}o EX 10',
    'APPEND {t}o v',
    'GETRANGE {t}o 0 -1',
    'SETRANGE {t}o 0 v',
    "SETRANGE {t}o 0 ''",
    'INCR {t}o',
    'DECRBY {t}o 9223372036854775807',
    'INCRBYFLOAT {t}o 1',
    'GETBIT {t}o 0',
    'SETBIT {t}o 0 1',
    'BITCOUNT {t}o',
    'BITPOS {t}o 1',
    'BITOP AND {t}d {t}k {t}o',
    'BITFIELD {t}o GET u8 0',
    'BITFIELD {t}o SET u8 0 1',
    'BITFIELD_RO {t}o GET u8 0',
    'PFADD {t}o a',
    'PFCOUNT {t}o',
    'PFCOUNT {t}none {t}o',
    'PFMERGE {t}none {t}o',
    'PFMERGE {t}o {t}none',
    ...listCommands('{t}o'),
  ].map((command): Line => [command, error(WRONG_TYPE)]),
  ['LCS {t}o {t}k', error('ERR The specified keys must contain string values')],
  ['LCS {t}k {t}o x', error('ERR The specified keys must contain string values')],
  ['MGET {t}o {t}k', [null, null]],
  ['EXISTS {t}o', 1],
  ['SETNX {t}o v', 0],
  ['SET {t}o v NX', null],
  ['MSETNX {t}o v', 0],
  ['KEYS *', ['{t}o']],
  ['SCAN 0 TYPE string', ['0', []]],
  ['EXPIRE {t}o 100', 1],
  ['TTL {t}o', 100],
  ['PERSIST {t}o', 1],
]

t.test('wrong types', async (t) => {
  const fixture = new ShardFixture()
  plant(fixture)
  for (const [command, reply] of LINES)
    t.same(fixture.run(...wordsOf(command)), reply, String(command))
  t.same(fixture.findings(), [])
})

t.test('commands that replace whatever there is', async (t) => {
  for (const [command, reply] of [
    ['SET {t}o v', OK],
    ['SETEX {t}o 10 v', OK],
    ['MSET {t}o v {t}p w', OK],
    ['BITOP NOT {t}o {t}k', 1],
    ['BITOP NOT {t}o {t}missing', 0],
    ['RENAME {t}k {t}o', OK],
    ['DEL {t}o', 1],
    ['UNLINK {t}o', 1],
    ['FLUSHALL', OK],
  ] as const) {
    const fixture = new ShardFixture()
    fixture.run('SET', '{t}k', 'v')
    plant(fixture)
    t.same(fixture.run(...wordsOf(command)), reply, command)
    t.same(fixture.findings(), [])
  }
})
