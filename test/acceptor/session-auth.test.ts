// AUTH and HELLO AUTH: every form in every profile, by table.

import t from 'tap'
import {
  checkSecret,
  PASSWORD_KEY_BYTES,
  passwordDigest,
  passwordMatches,
} from '../../src/acceptor/password.ts'
import { PROFILE_EXTENDED, type ProfileName } from '../../src/catalog/spec.ts'
import { COUNTER } from '../../src/counters/layout.ts'
import type { Reply } from '../support/resp.ts'
import { INSTANCE, makeFixture, PASSWORD } from '../support/session-fixture.ts'

const OK: Reply = { simple: 'OK' }
const INVALID_32: Reply = { error: 'ERR invalid password' }
const WRONG_PASS: Reply = {
  error: 'WRONGPASS invalid username-password pair or user is disabled.',
}
const FORM_CKV: Reply = { error: 'ERR invalid password, the form is AUTH instance:password' }
const FORM_EXTENDED: Reply = {
  error: 'ERR invalid password, the form is AUTH instance:password or AUTH instance password',
}
const ARITY: Reply = { error: "ERR wrong number of arguments for 'auth' command" }
const SYNTAX: Reply = { error: 'ERR syntax error' }

/** Arguments of AUTH and the replies of the profiles ckv, extended and redis. */
const WITH_PASSWORD: readonly (readonly [string[], Reply, Reply, Reply])[] = [
  [[], ARITY, ARITY, ARITY],
  [[`${INSTANCE}:${PASSWORD}`], OK, OK, OK],
  [[PASSWORD], FORM_CKV, FORM_EXTENDED, OK],
  [['wrong'], FORM_CKV, FORM_EXTENDED, WRONG_PASS],
  [[''], FORM_CKV, FORM_EXTENDED, WRONG_PASS],
  [[':'], FORM_CKV, FORM_EXTENDED, WRONG_PASS],
  [[`:${PASSWORD}`], FORM_CKV, FORM_EXTENDED, WRONG_PASS],
  [[`default:${PASSWORD}`], FORM_CKV, FORM_EXTENDED, WRONG_PASS],
  [[`${INSTANCE}:`], INVALID_32, WRONG_PASS, WRONG_PASS],
  [[`${INSTANCE}:wrong`], INVALID_32, WRONG_PASS, WRONG_PASS],
  [[`${INSTANCE}:${PASSWORD} `], INVALID_32, WRONG_PASS, WRONG_PASS],
  [[`crs-00000000:${PASSWORD}`], INVALID_32, WRONG_PASS, WRONG_PASS],
  [[`${INSTANCE.toUpperCase()}:${PASSWORD}`], FORM_CKV, FORM_EXTENDED, WRONG_PASS],
  [[INSTANCE, PASSWORD], ARITY, OK, OK],
  [[INSTANCE, 'wrong'], ARITY, WRONG_PASS, WRONG_PASS],
  [[INSTANCE, ''], ARITY, WRONG_PASS, WRONG_PASS],
  [['crs-00000000', PASSWORD], ARITY, WRONG_PASS, WRONG_PASS],
  [['default', PASSWORD], ARITY, FORM_EXTENDED, OK],
  [['default', `${INSTANCE}:${PASSWORD}`], ARITY, OK, OK],
  [['default', `${INSTANCE}:wrong`], ARITY, WRONG_PASS, WRONG_PASS],
  [['Default', PASSWORD], ARITY, FORM_EXTENDED, WRONG_PASS],
  [['somebody', PASSWORD], ARITY, FORM_EXTENDED, WRONG_PASS],
  [['constructor', PASSWORD], ARITY, FORM_EXTENDED, WRONG_PASS],
  [['', PASSWORD], ARITY, FORM_EXTENDED, WRONG_PASS],
  [[INSTANCE, PASSWORD, 'more'], ARITY, SYNTAX, SYNTAX],
]

const PROFILES: readonly ProfileName[] = ['ckv', 'extended', 'redis']

t.test('AUTH with a password set', async (t) => {
  for (const [args, ...expected] of WITH_PASSWORD) {
    for (const [column, profile] of PROFILES.entries()) {
      const { run, connection, session } = makeFixture({ profile, password: PASSWORD })
      t.equal(connection.authenticated, false)
      const text = `${profile}: AUTH ${args.join(' ')}`
      t.same(run('AUTH', ...args), expected[column], text)
      const right = expected[column] === OK
      t.equal(connection.authenticated, right, `${text}: authenticated or not`)
      const checked = !right && expected[column] !== ARITY && expected[column] !== SYNTAX
      t.equal(session.counters.sum(COUNTER.authFailures), checked ? 1 : 0)
    }
  }
})

t.test('a failed AUTH takes nothing away', async (t) => {
  const { run, connection } = makeFixture({ password: PASSWORD })
  t.same(run('AUTH', INSTANCE, PASSWORD), OK)
  t.same(run('AUTH', INSTANCE, 'wrong'), WRONG_PASS)
  t.equal(connection.authenticated, true)
})

t.test('AUTH without a password set', async (t) => {
  const none32 = { error: 'ERR Client sent AUTH, but no password is set' }
  const none70 = {
    error:
      'ERR AUTH <password> called without any password configured for the default user. ' +
      'Are you sure your configuration is correct?',
  }
  t.same(makeFixture({ profile: 'ckv' }).run('AUTH', 'x'), none32)
  t.same(makeFixture().run('AUTH', 'x'), none32)
  t.same(makeFixture().run('AUTH', INSTANCE, 'x'), none32)
  const { run } = makeFixture({ profile: 'redis' })
  t.same(run('AUTH', 'x'), none70)
  t.same(run('AUTH', 'default', 'x'), OK)
  t.same(run('AUTH', INSTANCE, 'x'), OK)
  t.same(run('AUTH', 'somebody', 'x'), WRONG_PASS)
})

t.test('passwords with colons and bytes', async (t) => {
  const password = 'a:b\xff:\0'
  for (const profile of PROFILES) {
    const { run } = makeFixture({ profile, password })
    const secret = Buffer.concat([Buffer.from(`${INSTANCE}:`), Buffer.from(password)])
    t.same(run('AUTH', secret), OK, profile)
  }
  t.same(makeFixture({ profile: 'redis', password }).run('AUTH', Buffer.from(password)), OK)
})

t.test('HELLO AUTH', async (t) => {
  const right: readonly (readonly [ProfileName, string, string])[] = [
    ['extended', 'default', `${INSTANCE}:${PASSWORD}`],
    ['extended', INSTANCE, PASSWORD],
    ['redis', 'default', `${INSTANCE}:${PASSWORD}`],
    ['redis', INSTANCE, PASSWORD],
    ['redis', 'default', PASSWORD],
  ]
  for (const [profile, user, secret] of right) {
    const { run, connection } = makeFixture({ profile, password: PASSWORD })
    const reply = run('HELLO', '3', 'AUTH', user, secret, 'SETNAME', 'me')
    t.ok(typeof reply === 'object' && reply !== null && 'map' in reply, `${profile} ${user}`)
    t.match(connection, { authenticated: true, protocol: 3, name: 'me' })
  }
  const wrong: readonly (readonly [ProfileName, string, string, Reply])[] = [
    ['extended', 'default', PASSWORD, FORM_EXTENDED],
    ['extended', INSTANCE, 'wrong', WRONG_PASS],
    ['redis', 'default', 'wrong', WRONG_PASS],
    ['redis', 'somebody', PASSWORD, WRONG_PASS],
  ]
  for (const [profile, user, secret, error] of wrong) {
    const { run, connection } = makeFixture({ profile, password: PASSWORD })
    t.same(run('HELLO', '3', 'AUTH', user, secret, 'SETNAME', 'me'), error, `${profile} ${user}`)
    t.match(connection, { authenticated: false, protocol: 2, name: '' }, 'nothing changed')
  }
  const open = makeFixture()
  t.ok(open.run('HELLO', '3', 'AUTH', 'default', 'whatever'))
  t.equal(open.connection.protocol, 3, 'without a password set everybody is let in, as in 7.0')
})

t.test('the digest', async (t) => {
  const key = new Uint8Array(PASSWORD_KEY_BYTES).fill(1)
  const digest = passwordDigest(key, Buffer.from('right'))
  t.equal(digest.length, 32)
  t.notOk(Buffer.from(digest).includes('right'))
  t.notSame(digest, passwordDigest(new Uint8Array(PASSWORD_KEY_BYTES), Buffer.from('right')))
  t.equal(passwordMatches(key, digest, Buffer.from('right')), true)
  for (const given of ['', 'r', 'righ', 'righT', 'right ', 'x'.repeat(100_000)]) {
    t.equal(passwordMatches(key, digest, Buffer.from(given)), false, `${given.length} bytes`)
  }
  const guard = {
    instance: INSTANCE,
    profile: PROFILE_EXTENDED,
    passwordKey: key,
    passwordDigest: digest,
  }
  t.equal(checkSecret(guard, new Uint8Array(0)), 'wrong-form')
})
