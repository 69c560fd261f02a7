// A start that cannot be: one clear line, an exit code above 0, no stack trace.

import { mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import t, { type Test } from 'tap'
import { CkvProcess, makeDirectory, removeDirectory, startCkv } from '../support/server.ts'
import { within } from '../support/until.ts'

const END_MS_MAX = 20_000

/** Starts with the flags and checks that it ends with one line that matches. */
async function checkRefused(
  t: Test,
  flags: string[],
  line: RegExp,
  environment: Record<string, string> = {},
  directory = makeDirectory(),
): Promise<void> {
  const ckv = new CkvProcess({ directory, flags, environment })
  const { code, signal } = await within('the end', END_MS_MAX, ckv.exited)
  const name = flags.join(' ') || JSON.stringify(environment)
  t.equal(signal, null, `${name}: no signal`)
  t.ok(code !== null && code > 0, `${name}: exit code ${code}`)
  const text = `${ckv.stdout}${ckv.stderr}`.trimEnd()
  t.equal(text.split('\n').length, 1, `${name}: one line: ${text.slice(0, 300)}`)
  t.match(text, line, `${name}: what is wrong`)
  t.notMatch(text, /^\s+at .*:\d+:\d+/m, `${name}: no stack trace`)
  removeDirectory(directory)
}

t.test('options that are wrong', async (t) => {
  await Promise.all([
    checkRefused(t as Test, ['--shards', '0'], /--shards.*0.*1.*128/),
    checkRefused(t as Test, ['--shards', '129'], /--shards.*129.*1.*128/),
    checkRefused(t as Test, ['--dispatch', 'maybe'], /--dispatch.*maybe.*auto.*ring.*place/),
    checkRefused(t as Test, ['--shard-memory', 'much'], /--shard-memory.*much/),
    checkRefused(t as Test, ['--nosuch', '1'], /nosuch/),
  ])
  await Promise.all([
    checkRefused(t as Test, [], /CKV_SHARDS.*many/, { CKV_SHARDS: 'many' }),
    checkRefused(t as Test, ['--password-file', '/nowhere/it'], /password-file.*nowhere/),
    checkRefused(t as Test, ['--host', '0.0.0.0'], /password/),
    checkRefused(t as Test, ['--mirror', 'on'], /--mirror/),
  ])
})

t.test('a port in use', async (t) => {
  const other = createServer()
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', () => resolve()))
  const address = other.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const flags = ['--port', String(port), '--acceptors', '2']
  await checkRefused(t as Test, flags, new RegExp(`${port}.*in use`))
  await new Promise((resolve) => other.close(resolve))
})

t.test('a refused start changes nothing of the data', async (t) => {
  const directory = makeDirectory()
  t.teardown(() => removeDirectory(directory))
  const server = await startCkv({ directory, flags: ['--shards', '2', '--shard-memory', '16mb'] })
  const client = await server.connect()
  await client.send('SET', 'k', 'v')
  await server.stop()
  const before = filesIn(directory)
  const other = createServer()
  await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', () => resolve()))
  const { port } = other.address() as { port: number }
  const flags = ['--shards', '8', '--port', String(port)]
  const ckv = new CkvProcess({ directory, flags })
  t.equal((await within('the end', END_MS_MAX, ckv.exited)).code, 1)
  await new Promise((resolve) => other.close(resolve))
  t.same(filesIn(directory), before, 'no new generation, the manifest as it was')
})

/** Every file with what is in it, the lock left out. */
function filesIn(directory: string): Map<string, string> {
  const names = readdirSync(directory, { recursive: true, encoding: 'utf8' }).sort()
  const files = names.filter((name) => statSync(join(directory, name)).isFile() && name !== 'lock')
  return new Map(files.map((name) => [name, readFileSync(join(directory, name), 'base64')]))
}

t.test('a directory in use', async (t) => {
  const server = await startCkv({ flags: ['--shards', '1', '--shard-memory', '16mb'] })
  t.teardown(() => server.stop())
  const { directory } = server.process
  const second = new CkvProcess({ directory, flags: ['--shards', '1'] })
  const { code } = await within('the end', END_MS_MAX, second.exited)
  t.ok(code !== null && code > 0, `exit code ${code}`)
  t.equal(second.stderr.trimEnd().split('\n').length, 1, 'one line')
  t.match(second.stderr, new RegExp(`${directory}.*use.*${server.process.pid}`), 'by whom')
  const client = await server.connect()
  t.same(await client.send('SET', 'k', 'v'), { simple: 'OK' }, 'the first one goes on')
  await client.close()
})

t.test('a directory that cannot be used', async (t) => {
  const place = makeDirectory()
  t.teardown(() => removeDirectory(place))
  const file = join(place, 'file')
  writeFileSync(file, 'no folder')
  await checkRefused(t as Test, ['--dir', join(file, 'below')], /--dir.*file/)
  await checkRefused(t as Test, ['--dir', file], /--dir.*file/)
  // Even root cannot write here.
  await checkRefused(t as Test, ['--dir', '/proc/ckv'], /--dir.*proc/)
  await checkRefused(t as Test, ['--dir', '/sys'], /--dir.*sys/)
})

t.test('data that are damaged', async (t) => {
  const directory = makeDirectory()
  mkdirSync(directory, { recursive: true })
  writeFileSync(join(directory, 'manifest.ckv'), 'this is not a manifest')
  await checkRefused(t as Test, [], /manifest/, {}, directory)
})

t.test('data without their manifest', async (t) => {
  const directory = makeDirectory()
  const flags = ['--shards', '1', '--shard-memory', '16mb']
  const server = await startCkv({ directory, flags })
  const client = await server.connect()
  await client.send('SET', 'k', 'v')
  await server.stop()
  const manifest = join(directory, 'manifest.ckv')
  renameSync(manifest, `${directory}.manifest`)
  const before = filesIn(directory)
  const ckv = new CkvProcess({ directory, flags })
  t.equal((await within('the end', END_MS_MAX, ckv.exited)).code, 1)
  t.match(ckv.stderr, /no manifest\.ckv.*segment.*holds records/)
  t.same(filesIn(directory), before, 'nothing was removed')
  renameSync(`${directory}.manifest`, manifest)
  const again = await startCkv({ directory, flags })
  const reader = await again.connect()
  t.equal(await reader.send('GET', 'k'), 'v')
  await again.stop()
  removeDirectory(directory)
})

t.test('the lock of a dead process', async (t) => {
  const directory = makeDirectory()
  t.teardown(() => removeDirectory(directory))
  const flags = ['--shards', '1', '--shard-memory', '16mb']
  const server = await startCkv({ directory, flags })
  await server.killNine()
  const again = await startCkv({ directory, flags })
  t.match(again.process.stdout, /^ckv ready on 127\.0\.0\.1:\d+ .*instance crs-[a-z0-9]{8}.*\n$/)
  await again.stop()
})
