// Names to rows: every case, hostile names, and a model over random bytes.

import fc from 'fast-check'
import t from 'tap'
import {
  arityFits,
  findCommand,
  findSubcommand,
  servedIn,
  verdict,
} from '../../src/catalog/lookup.ts'
import { REFUSED_NAMES } from '../../src/catalog/refused.ts'
import * as spec from '../../src/catalog/spec.ts'
import { ALL_ROWS, COMMANDS } from '../../src/catalog/table.ts'

const bytesOf = (text: string): Uint8Array => Buffer.from(text, 'latin1')
const find = (text: string) => findCommand(bytesOf(text), 0, text.length)
const rowOf = (name: string): spec.CommandRow => ALL_ROWS.find((row) => row.name === name)!
const mixed = (text: string): string =>
  [...text].map((letter, index) => (index % 2 === 0 ? letter.toUpperCase() : letter)).join('')

t.test('every name is found in any case, anywhere in a buffer', async (t) => {
  for (const row of COMMANDS) {
    for (const spelling of [row.name, row.name.toUpperCase(), mixed(row.name)]) {
      t.equal(find(spelling), row)
      t.equal(findCommand(bytesOf(`xx${spelling}yy`), 2, spelling.length), row)
    }
    for (const subrow of row.subcommands) {
      const word = mixed(subrow.name.slice(row.name.length + 1))
      t.equal(findSubcommand(row, bytesOf(word), 0, word.length), subrow)
    }
  }
})

t.test('what is no command is unknown', async (t) => {
  const names = ['', 'ge', 'gett', 'xget', 'constructor', '__proto__', 'toString', 'hasOwnProperty']
  for (const name of [...names, 'cluster|slots', 'cluster slots', 'g\0t', 'x'.repeat(10_000)]) {
    t.equal(find(name), undefined, name.slice(0, 20))
    t.equal(findSubcommand(rowOf('client'), bytesOf(name), 0, name.length), undefined)
  }
  t.equal(findSubcommand(rowOf('get'), bytesOf('id'), 0, 2), undefined)
})

t.test('the case bit folds letters only', async (t) => {
  // '@' | 0x20 is '`', '\r' | 0x20 is '-', DEL and '_' meet: none of them may pass for a letter.
  for (const row of COMMANDS) {
    for (let index = 0; index < row.name.length; index++) {
      for (const byte of [row.name.charCodeAt(index) ^ 0x80, row.name.charCodeAt(index) ^ 0x40]) {
        const bytes = bytesOf(row.name)
        bytes[index] = byte
        t.equal(findCommand(bytes, 0, bytes.length), undefined)
      }
    }
  }
})

t.test('finds what a map of lower-cased names finds', async () => {
  const model = new Map(COMMANDS.map((row) => [row.name as string, row]))
  const lower = (bytes: Uint8Array): string =>
    Buffer.from(bytes.map((byte) => (byte >= 65 && byte <= 90 ? byte | 32 : byte))).toString(
      'latin1',
    )
  const name = fc.constantFrom(...COMMANDS.map((row) => row.name as string))
  const mutated = fc
    .tuple(name, fc.nat(15), fc.nat(255))
    .map(([text, at, byte]) => bytesOf(text).map((old, i) => (i === at ? byte : old)))
  const any = fc.oneof(mutated, fc.uint8Array({ maxLength: 12 }), name.map(mixed).map(bytesOf))
  fc.assert(
    fc.property(any, (bytes) => findCommand(bytes, 0, bytes.length) === model.get(lower(bytes))),
    { seed: 7, numRuns: 20_000 },
  )
})

t.test('arity depends on the profile', async (t) => {
  const expire = rowOf('expire')
  t.ok(arityFits(expire, 3, spec.PROFILE_CKV))
  t.notOk(arityFits(expire, 4, spec.PROFILE_CKV))
  t.ok(arityFits(expire, 4, spec.PROFILE_EXTENDED))
  t.notOk(arityFits(expire, 2, spec.PROFILE_REDIS))
  t.notOk(arityFits(rowOf('get'), 3, spec.PROFILE_REDIS))
  t.ok(arityFits(rowOf('command'), 9, spec.PROFILE_CKV))
  t.notOk(arityFits(rowOf('auth'), 3, spec.PROFILE_CKV))
  t.ok(arityFits(rowOf('auth'), 3, spec.PROFILE_EXTENDED))
})

t.test('the 65 are refused in ckv, whatever follows, and before arity', async (t) => {
  for (const words of REFUSED_NAMES) {
    const [name, subcommand] = words.split(' ')
    const refused = /^refused/
    t.match(verdict(name, subcommand, spec.PROFILE_CKV), refused, words)
    t.match(verdict(mixed(name), subcommand && mixed(subcommand), spec.PROFILE_CKV), refused)
    if (subcommand === undefined) t.match(verdict(name, 'anything', spec.PROFILE_CKV), refused)
    // The hot path sees it too: no row of theirs is served in ckv.
    const row = find(name)
    if (row !== undefined && subcommand === undefined) t.notOk(servedIn(row, spec.PROFILE_CKV))
    const subrow = ALL_ROWS.find((candidate) => candidate.name === `${name}|${subcommand}`)
    if (subrow !== undefined) t.notOk(servedIn(subrow, spec.PROFILE_CKV))
  }
})

t.test('a refusal says whether another profile serves it', async (t) => {
  t.equal(verdict('scan', '0', spec.PROFILE_CKV), 'refused')
  t.equal(verdict('config', 'get', spec.PROFILE_CKV), 'refused')
  t.equal(verdict('eval', 'x', spec.PROFILE_CKV), 'refused-everywhere')
  t.equal(verdict('config', 'set', spec.PROFILE_CKV), 'refused')
  t.equal(verdict('scan', '0', spec.PROFILE_EXTENDED), 'served')
  t.equal(verdict('eval', 'x', spec.PROFILE_EXTENDED), 'unknown')
})

t.test('the rest of ckv is unknown', async (t) => {
  const ckv = spec.PROFILE_CKV
  t.equal(verdict('HELLO', '3', ckv), 'unknown')
  t.equal(verdict('getdel', 'k', ckv), 'unknown')
  t.equal(verdict('client', 'setinfo', ckv), 'unknown')
  t.equal(verdict('client', undefined, ckv), 'unknown')
  t.equal(verdict('config', undefined, ckv), 'unknown')
  t.equal(verdict('command', 'docs', ckv), 'unknown-subcommand')
  t.equal(verdict('cluster', 'myid', ckv), 'unknown-subcommand')
  t.equal(verdict('cluster', 'slots', ckv), 'served')
  t.equal(verdict('command', undefined, ckv), 'served')
  t.equal(verdict('ckv', 'shards', ckv), 'served')
})

t.test('one word with a space is not two', async (t) => {
  for (const words of REFUSED_NAMES) {
    if (words.includes(' ')) t.equal(verdict(words, undefined, spec.PROFILE_CKV), 'unknown')
  }
  t.equal(verdict('cluster slots', undefined, spec.PROFILE_CKV), 'unknown')
  t.equal(verdict('constructor', '__proto__', spec.PROFILE_CKV), 'unknown')
})
