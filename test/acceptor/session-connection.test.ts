// The connection family and CLIENT: every form, right and wrong, by table.

import t from 'tap'
import type { ProfileName } from '../../src/catalog/spec.ts'
import type { Reply } from '../support/resp.ts'
import { INSTANCE, makeFixture, PASSWORD, STARTED_MS } from '../support/session-fixture.ts'

const OK: Reply = { simple: 'OK' }
const PROFILES: readonly ProfileName[] = ['ckv', 'extended', 'redis']

t.test('PING and ECHO', async (t) => {
  for (const profile of PROFILES) {
    const { run } = makeFixture({ profile })
    t.same(run('PING'), { simple: 'PONG' })
    t.same(run('ping', 'a\r\nb\0'), 'a\r\nb\0')
    t.same(run('PING', ''), '')
    t.same(run('PING', 'a', 'b'), { error: "ERR wrong number of arguments for 'ping' command" })
    t.same(run('ECHO', '\xff\xfe'), '\xff\xfe', 'bytes stay bytes')
    t.same(run('ECHO'), { error: "ERR wrong number of arguments for 'echo' command" })
  }
})

t.test('SELECT', async (t) => {
  const db32 = { error: 'ERR invalid DB index' }
  const range70 = { error: 'ERR DB index is out of range' }
  const integer70 = { error: 'ERR value is not an integer or out of range' }
  const int32 = {
    error: 'ERR value is out of range, value must between -2147483648 and 2147483647',
  }
  const table: readonly (readonly [string, Reply, Reply])[] = [
    ['0', OK, OK],
    ['15', OK, OK],
    ['16', db32, range70],
    ['-1', db32, range70],
    ['2147483647', db32, range70],
    ['2147483648', db32, int32],
    ['-2147483649', db32, int32],
    ['9007199254740993', db32, int32],
    ['9223372036854775807', db32, int32],
    ['9223372036854775808', db32, integer70],
    ['', db32, integer70],
    [' 1', db32, integer70],
    ['1 ', db32, integer70],
    ['+1', db32, integer70],
    ['01', db32, integer70],
    ['-0', db32, integer70],
    ['1e0', db32, integer70],
    ['0x1', db32, integer70],
    ['abc', db32, integer70],
  ]
  for (const [index, expected32, expected70] of table) {
    for (const profile of PROFILES) {
      const { run, connection } = makeFixture({ profile })
      connection.database = 3
      const expected = profile === 'redis' ? expected70 : expected32
      t.same(run('SELECT', index), expected, `${profile}: SELECT ${index}`)
      t.equal(connection.database, expected === OK ? Number(index) : 3)
    }
  }
})

t.test('HELLO', async (t) => {
  const { run, connection } = makeFixture()
  const greeting = (protocol: number) => [
    ['server', 'redis'],
    ['version', '3.2.12'],
    ['proto', protocol],
    ['id', 7],
    ['mode', 'cluster'],
    ['role', 'master'],
    ['modules', []],
  ]
  t.same(run('HELLO'), greeting(2).flat(1), 'RESP2 has no maps')
  t.same(run('HELLO', '3'), { map: greeting(3) }, 'the reply speaks the new protocol')
  t.same(run('HELLO'), { map: greeting(3) }, 'no version: as before')
  t.same(run('HELLO', '2', 'setname', 'x'), greeting(2).flat(1))
  t.equal(connection.name, 'x')
  const redis = makeFixture({ profile: 'redis' })
  const reply = redis.run('HELLO', '3') as { map: Reply[][] }
  t.same(reply.map[1], ['version', '7.0.15'])
  t.same(reply.map[4], ['mode', 'standalone'])
})

t.test('HELLO refused changes nothing', async (t) => {
  const version = { error: 'ERR Protocol version is not an integer or out of range' }
  const protocol = { error: 'NOPROTO unsupported protocol version' }
  const name = { error: 'ERR Client names cannot contain spaces, newlines or special characters.' }
  const syntax = (option: string) => ({ error: `ERR Syntax error in HELLO option '${option}'` })
  const table: readonly (readonly [string[], Reply])[] = [
    [['x'], version],
    [[''], version],
    [['3.0'], version],
    [['99999999999999999999'], version],
    [['1'], protocol],
    [['4'], protocol],
    [['-3'], protocol],
    [['3', 'FOO'], syntax('FOO')],
    [['3', 'AUTH'], syntax('AUTH')],
    [['3', 'AUTH', 'x'], syntax('AUTH')],
    [['3', 'SETNAME'], syntax('SETNAME')],
    [['3', 'SETNAME', 'a b'], name],
    [['3', 'SETNAME', 'ok', 'AUTH', 'x'], syntax('AUTH')],
    [['3', 'SETNAME', 'ok', '__proto__', 'x'], syntax('__proto__')],
    [['3', 'a\r\nb'], syntax('a  b')],
  ]
  for (const [args, error] of table) {
    const { run, connection } = makeFixture()
    t.same(run('HELLO', ...args), error, `HELLO ${args.join(' ')}`)
    t.match(connection, { protocol: 2, name: '' })
  }
  const { run, connection } = makeFixture({ password: PASSWORD })
  const noAuth =
    'NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO ' +
    'AUTH <user> <pass> option can be used to authenticate the client and select the RESP ' +
    'protocol version at the same time'
  t.same(run('HELLO', '3', 'SETNAME', 'x'), { error: noAuth })
  t.match(connection, { protocol: 2, name: '', authenticated: false })
  t.same(run('HELLO', '4'), protocol, 'the version is looked at first')
  t.same(makeFixture({ profile: 'ckv' }).run('HELLO', '3'), { error: 'not served' })
})

t.test('QUIT, RESET, READONLY, READWRITE, TIME', async (t) => {
  const { run, connection, clock } = makeFixture()
  t.same(run('READONLY'), OK)
  t.equal(connection.readOnly, true)
  t.same(run('READWRITE'), OK)
  t.equal(connection.readOnly, false)
  clock.advance(12_345)
  const micros = (STARTED_MS + 12_345) * 1000
  t.same(run('TIME'), [`${Math.floor(micros / 1e6)}`, `${micros % 1e6}`])
  t.equal(connection.closing, false)
  t.same(run('QUIT', 'anything'), OK)
  t.equal(connection.closing, true)

  const other = makeFixture({ password: PASSWORD })
  other.run('HELLO', '3', 'AUTH', INSTANCE, PASSWORD, 'SETNAME', 'x')
  other.run('SELECT', '3')
  other.run('READONLY')
  other.run('CLIENT', 'SETINFO', 'LIB-NAME', 'lib')
  t.same(other.run('RESET'), { simple: 'RESET' })
  t.match(other.connection, {
    database: 0,
    protocol: 2,
    name: '',
    readOnly: false,
    authenticated: false,
    libraryName: 'lib',
  })
  t.same(makeFixture().run('RESET'), { simple: 'RESET' })
  const open = makeFixture()
  open.run('RESET')
  t.equal(open.connection.authenticated, true, 'no password: nobody has to authenticate')
})

t.test('CLIENT', async (t) => {
  const { run, connection } = makeFixture()
  const nameError = {
    error: 'ERR Client names cannot contain spaces, newlines or special characters.',
  }
  t.same(run('CLIENT', 'GETNAME'), null)
  t.same(run('CLIENT', 'SETNAME', '!name~'), OK)
  t.same(run('client', 'getname'), '!name~')
  for (const wrong of ['a b', 'a\n', '\x7f', '\xff', '\0', ' ']) {
    t.same(run('CLIENT', 'SETNAME', wrong), nameError, JSON.stringify(wrong))
  }
  t.equal(connection.name, '!name~')
  t.same(run('CLIENT', 'SETNAME', ''), OK)
  t.same(run('CLIENT', 'GETNAME'), null)
  connection.protocol = 3
  t.same(run('CLIENT', 'GETNAME'), null)
  t.equal(run('CLIENT', 'ID'), 7)

  t.same(run('CLIENT', 'SETINFO', 'lib-name', 'ioredis'), OK)
  t.same(run('CLIENT', 'SETINFO', 'LIB-VER', '5.0'), OK)
  t.match(connection, { libraryName: 'ioredis', libraryVersion: '5.0' })
  t.same(run('CLIENT', 'SETINFO', 'lib-foo', 'x'), { error: "ERR Unrecognized option 'lib-foo'" })
  for (const attribute of ['Lib-Name', 'LIB-VER']) {
    t.same(run('CLIENT', 'SETINFO', attribute, 'a b'), {
      error: `ERR ${attribute} cannot contain spaces, newlines or special characters.`,
    })
  }
  t.match(connection, { libraryName: 'ioredis', libraryVersion: '5.0' })
})

t.test('HELP of every container', async (t) => {
  for (const container of ['CLIENT', 'COMMAND', 'CONFIG', 'CLUSTER', 'CKV']) {
    const { run } = makeFixture()
    const lines = run(container, 'HELP') as { simple: string }[]
    t.equal(
      lines[0].simple,
      `${container} <subcommand> [<arg> [value] [opt] ...]. Subcommands are:`,
    )
    t.ok(lines.length > 2)
    t.ok(
      lines.every((line) => typeof line.simple === 'string' && !line.simple.includes(':integer')),
    )
  }
})
