// Options from every source, good and bad, and what --help says of them.

import t from 'tap'
import { CkvError } from '../../src/base/errors.ts'
import {
  type OptionInput,
  type Options,
  parseOptions,
  withStored,
} from '../../src/options/parse.ts'
import type { OptionRow, OptionValue } from '../../src/options/rows.ts'
import { environmentName, OPTION_ROWS } from '../../src/options/table.ts'
import { allowedWords } from '../../src/options/values.ts'

const rows: readonly OptionRow[] = OPTION_ROWS
const MACHINE = {
  cores: 2,
  memoryBytes: 8 * 1024 ** 3,
  cgroupMemoryBytes: undefined,
  fileLimit: 2_000_000,
}
const missing = (path: string): Uint8Array => {
  throw new Error(`ENOENT: no such file, open '${path}'`)
}

function parse(over: Partial<OptionInput>) {
  return parseOptions({
    argv: [],
    environment: {},
    readFile: missing,
    machine: MACHINE,
    version: '1.2.3',
    ...over,
  })
}

function run(over: Partial<OptionInput>) {
  const parsed = parse(over)
  if (parsed.kind !== 'run') throw new Error('a run was expected')
  return parsed
}

/** The error's text; it must be one line of a CkvError. */
function refusal(over: Partial<OptionInput>): string {
  try {
    parse(over)
  } catch (error) {
    if (!(error instanceof CkvError) || /[\r\n]/.test(error.message)) throw error
    return error.message
  }
  return 'accepted'
}

const fileOf = (content: object | string): Partial<OptionInput> => ({
  argv: ['--config', 'ckv.json'],
  readFile: (path) => {
    if (path !== 'ckv.json') return missing(path)
    return Buffer.from(typeof content === 'string' ? content : JSON.stringify(content))
  },
})

/** A text that is allowed and its value; wherever possible not the default. */
const GOOD: Record<string, [string, OptionValue]> = {
  port: ['7000', 7000],
  host: ['localhost', 'localhost'],
  dir: ['/tmp/x', '/tmp/x'],
  shards: ['8', 8],
  'shard-memory': ['1GB', 1024 ** 3],
  acceptors: ['2', 2],
  workers: ['3', 3],
  mirrors: ['2', 2],
  mirror: ['off', false],
  'readonly-slave': ['off', false],
  'slave-port': ['0', 0],
  'acceptor-ports': ['OFF', false],
  'announce-host': ['10.0.0.1', '10.0.0.1'],
  'announce-port': ['6380', 6380],
  profile: ['ckv', 'ckv'],
  dispatch: ['Ring', 'ring'],
  appendfsync: ['always', 'always'],
  instance: ['crs-bkuza6i3', 'crs-bkuza6i3'],
  'http-port': ['0', 0],
  maxclients: ['500', 500],
  timeout: ['60', 60],
  'tcp-keepalive': ['0', 0],
  databases: ['16', 16],
  'shared-memory-budget': ['64mb', 64 * 1024 ** 2],
  'segment-size': ['65536', 65_536],
  'client-output-buffer-limit-normal': [
    '1mb 512kb 5',
    { hardBytes: 1024 ** 2, softBytes: 512 * 1024, softSeconds: 5 },
  ],
  'client-output-buffer-limit-pubsub': ['0 0 0', { hardBytes: 0, softBytes: 0, softSeconds: 0 }],
  'hash-max-listpack-entries': ['7', 7],
  'hash-max-listpack-value': ['1kb', 1024],
  'set-max-intset-entries': ['8', 8],
  'zset-max-listpack-entries': ['9', 9],
  'zset-max-listpack-value': ['0', 0],
  'list-max-listpack-size': ['-5', -5],
  'hll-sparse-max-bytes': ['15000', 15_000],
  'slowlog-log-slower-than': ['-1', -1],
  'slowlog-max-len': ['10', 10],
  'latency-monitor-threshold': ['100', 100],
  'latency-tracking': ['on', true],
  'notify-keyspace-events': ['KEA', 'KEA'],
  'maxmemory-policy': ['allkeys-lfu', 'allkeys-lfu'],
  'maxmemory-samples': ['10', 10],
  'debug-command': ['on', true],
  'log-level': ['debug', 'debug'],
}

const BAD: Record<string, string[]> = {
  integer: ['', '-1', '1.5', '1e3', '0x10', ' 1', '99999999999', '99999999999999999999'],
  port: ['', '-1', '65536', 'http', '6379 '],
  bytes: ['', '0', '-1mb', '1m', '1.5gb', '64 mb', '1tb', '999999999999999gb'],
  choice: ['', 'none', 'constructor'],
  'on-off': ['', 'yes', '1', 'true'],
  text: ['two words', 'a\0b', 'crs-ABC'],
  path: ['a\0b'],
  'output-limit': ['', '1mb', '1mb 1mb', '1mb 1mb 1mb', '1 1 1 1', '-1 0 0', '1mb  1mb 1'],
}
/** Read before the others or as a secret: tested below. */
const SPECIAL = new Set(['config', 'password-file'])
const ordinary = rows.filter((row) => !SPECIAL.has(row.name))
const isBad = (row: OptionRow, raw: string): boolean => {
  if (row.kind === 'text' || row.kind === 'path') return !row.pattern?.test(raw)
  // Some take what is beyond the bounds of all others.
  return !/^-?\d{1,16}$/.test(raw) || Number(raw) < row.min || Number(raw) > row.max
}

t.test('every option is read from every source', async (t) => {
  for (const row of ordinary) {
    const [raw, value] = GOOD[row.name]
    const property = row.property as keyof Options
    const sources: [string, Partial<OptionInput>][] = [
      ['flag', { argv: [`--${row.name}`, raw] }],
      ['flag', { argv: [`--${row.name}=${raw}`] }],
      ['environment', { environment: { [environmentName(row)]: raw } }],
      ['file', fileOf({ [row.name]: raw })],
    ]
    for (const [source, input] of sources) {
      const parsed = run(input)
      t.same(parsed.options[property], value, `${row.name} by ${source}`)
      t.equal(parsed.sources[property], source)
    }
  }
})

t.test('every wrong value names the option, itself and what is allowed', async (t) => {
  for (const row of ordinary) {
    const wrong = BAD[row.kind].filter((raw) => isBad(row, raw))
    t.ok(wrong.length > 0)
    for (const raw of wrong) {
      const places: [string, Partial<OptionInput>][] = [
        [`--${row.name}`, { argv: [`--${row.name}`, raw] }],
        [environmentName(row), { environment: { [environmentName(row)]: raw } }],
        [`${row.name} in ckv.json`, fileOf({ [row.name]: raw })],
      ]
      for (const [where, input] of places) {
        const shown = JSON.stringify(raw).slice(1, -1)
        t.equal(
          refusal(input),
          `${where}: '${shown}' is not allowed; allowed: ${allowedWords(row)}`,
        )
      }
    }
  }
})

t.test('bounds are allowed, what is beyond is not', async (t) => {
  for (const row of ordinary) {
    if (row.kind !== 'integer' && row.kind !== 'bytes') continue
    // Many clients or shards have consequences for other options, tested elsewhere.
    const known = { machine: { ...MACHINE, fileLimit: undefined } }
    const property = row.property as keyof Options
    for (const bound of [row.min, row.max]) {
      t.equal(run({ ...known, argv: [`--${row.name}`, String(bound)] }).options[property], bound)
    }
    t.match(refusal({ ...known, argv: [`--${row.name}`, String(row.max + 1)] }), 'not allowed')
    if (row.min > 0) {
      t.match(refusal({ ...known, argv: [`--${row.name}`, String(row.min - 1)] }), 'not allowed')
    }
  }
})

t.test('options without their feature take only off', async (t) => {
  const expected = ['mirror', 'readonly-slave', 'slave-port', 'acceptor-ports', 'http-port']
  for (const row of rows.filter((row) => row.onlyOff)) {
    t.ok(expected.includes(row.name), row.name)
    t.ok(row.fallback === false || row.fallback === 0)
    const on = row.kind === 'port' ? '8379' : 'on'
    const off = row.kind === 'port' ? '0' : 'off'
    t.equal(
      refusal({ argv: [`--${row.name}`, on] }),
      `--${row.name}: '${on}' is not allowed; allowed: only ${off}, ` +
        'since this feature is not there yet',
    )
  }
})

t.test('flags go before environment, environment before file, file before defaults', async (t) => {
  const file = fileOf({ shards: 2, timeout: 2, workers: 2, mirror: false, 'http-port': 0 })
  const { options, sources } = run({
    ...file,
    argv: ['--config', 'ckv.json', '--shards', '16'],
    environment: { CKV_SHARDS: '4', CKV_TIMEOUT: '4', PATH: '/bin' },
  })
  t.same([options.shards, options.timeoutSeconds, options.workers], [16, 4, 2])
  t.same([sources.shards, sources.timeoutSeconds, sources.workers], ['flag', 'environment', 'file'])
  t.same([sources.port, sources.acceptors], ['default', 'derived'])
  t.equal(sources.mirror, 'file')
  const named = run({ ...file, argv: [], environment: { CKV_CONFIG: 'ckv.json' } })
  t.equal(named.options.workers, 2, 'the file may be named by the environment')
  t.match(
    refusal({ ...file, environment: { CKV_SHARDS: 'x' }, argv: ['--shards', '1'] }),
    'CKV_SHARDS',
  )
})

t.test('unknown flags, variables, keys and words are errors', async (t) => {
  t.match(refusal({ argv: ['--prot', '1'] }), "unknown option '--prot'")
  t.match(refusal({ argv: ['--shards'] }), 'argument missing')
  t.match(refusal({ argv: ['start'] }), "'start' is not a flag")
  t.match(
    refusal({ environment: { CKV_SHARD: '1' } }),
    "'CKV_SHARD' is unknown; allowed: CKV_PORT,",
  )
  t.match(refusal(fileOf({ Shards: 1 })), "ckv.json: 'Shards' is unknown; allowed: port, host,")
  t.match(refusal(fileOf('{"__proto__": 1}')), "'__proto__' is unknown")
  t.match(refusal(fileOf({ config: 'x' })), "'config' is unknown")
  t.match(refusal(fileOf({ CKV_PORT: 1 })), "'CKV_PORT' is unknown")
})

t.test('what others put into the environment is left alone', async (t) => {
  const { options } = run({
    environment: {
      CKV_TEST_LONG: '1',
      CKV_BENCH_ROUNDS: '3',
      CKV_SERVICE_HOST: '10.0.0.1',
      CKV_SERVICE_PORT: '6379',
      CKV_PORT: 'tcp://10.0.0.1:6379',
      CKV_PORT_6379_TCP_ADDR: '10.0.0.1',
      CKVPORT: '1',
    },
  })
  t.equal(options.port, 6379)
})

t.test('the file', async (t) => {
  t.equal(run(fileOf({ shards: 8 })).options.shards, 8, 'numbers')
  t.equal(run(fileOf({ mirror: false })).options.mirror, false, 'booleans')
  t.match(refusal(fileOf({ port: true })), "port in ckv.json: 'a boolean'")
  t.match(refusal(fileOf({ port: null })), "'null' is not allowed")
  t.match(refusal(fileOf({ port: [1] })), "'a list' is not allowed")
  t.match(refusal(fileOf({ port: {} })), "'a object' is not allowed")
  t.match(refusal(fileOf({ port: 1.5 })), "'1.5' is not allowed")
  t.match(refusal(fileOf({ port: 1e300 })), 'not allowed')
  t.match(refusal(fileOf('[]')), 'must hold one JSON object')
  t.match(refusal(fileOf('null')), 'must hold one JSON object')
  const broken = refusal(fileOf('{"password": "s3cret", oops'))
  t.equal(broken, "--config: 'ckv.json' is not valid JSON")
  t.match(
    refusal({ argv: ['--config', 'nosuch.json'] }),
    "--config: cannot read 'nosuch.json': ENOENT",
  )
})

t.test('the password is read and never shown', async (t) => {
  const secret = (over: Partial<OptionInput>): string | undefined => {
    const parsed = run(over)
    const shown = `${JSON.stringify(parsed)} ${String(parsed.password)}`
    t.notMatch(shown, 's3cret')
    const bytes = parsed.password?.reveal()
    return bytes && Buffer.from(bytes).toString('utf8')
  }
  const file = (content: string | Uint8Array): Partial<OptionInput> => ({
    argv: ['--password-file', 'pw'],
    readFile: (path) => (path === 'pw' ? Buffer.from(content as string) : missing(path)),
  })
  t.equal(secret({}), undefined)
  t.equal(secret({ environment: { CKV_PASSWORD: 's3cret ' } }), 's3cret ')
  t.equal(secret(file('s3cret\n')), 's3cret')
  t.equal(secret(file('s3cret\r\n')), 's3cret')
  t.equal(secret(file(' s3crét')), ' s3crét')
  const bytes = Uint8Array.of(0xff, 0xfe, 0x80, 0x20)
  t.same(run(file(bytes)).password?.reveal(), bytes, 'bytes that are no UTF-8')
  t.match(refusal(file('s3cret\n\n')), /line break/)
  t.match(refusal(file('')), /is empty/)
  t.match(refusal({ environment: { CKV_PASSWORD: '' } }), /CKV_PASSWORD is empty/)
  t.match(refusal({ environment: { CKV_PASSWORD: 'x'.repeat(513) } }), /too long/)
  t.match(refusal({ ...file('x'), environment: { CKV_PASSWORD: 'y' } }), /both given/)
  t.match(refusal({ argv: ['--password-file', 'nosuch'] }), "cannot read 'nosuch'")
  for (const argv of [['--password=s3cret'], ['--password', 's3cret']]) {
    t.match(refusal({ argv }), /allowed: CKV_PASSWORD or --password-file/)
    t.notMatch(refusal({ argv }), 's3cret')
  }
  t.notMatch(refusal(fileOf({ password: 's3cret' })), 's3cret')
})

t.test('without a password only loopback is listened on', async (t) => {
  const environment = { CKV_PASSWORD: 'x' }
  for (const host of ['127.0.0.1', '127.1.2.3', 'localhost', '::1']) {
    t.equal(run({ argv: ['--host', host] }).options.host, host)
  }
  for (const host of ['0.0.0.0', '::', '10.0.0.1', '127.example.org', 'localhost.example.org']) {
    t.match(
      refusal({ argv: ['--host', host] }),
      `--host: '${host}' is not allowed; allowed: 127.0.0.1`,
    )
    t.equal(run({ argv: ['--host', host], environment }).options.host, host)
  }
})

t.test('clients must fit the file limit', async (t) => {
  const machine = { ...MACHINE, fileLimit: 1024 }
  const { options, sources } = run({ machine })
  t.same([options.maxclients, sources.maxclients], [1024 - 64 - 4 * 4 - 2 * 2, 'derived'])
  t.match(
    refusal({ machine, argv: ['--maxclients', '10000'] }),
    '--maxclients 10000 with 4 shards needs 10084 open files, but the limit is 1024',
  )
  t.match(refusal({ machine: { ...machine, fileLimit: 70 } }), 'raise it (ulimit -n)')
})

t.test('stored shards and instance hold unless others are given', async (t) => {
  const stored = { shards: 16, instance: 'crs-aaaaaaaa' }
  const kept = run({})
  const after = withStored(kept.options, kept.sources, MACHINE, stored)
  t.same([after.shards, after.instance], [16, 'crs-aaaaaaaa'])
  t.ok(after.shards * after.shardMemoryBytes <= MACHINE.memoryBytes * 0.7)
  t.ok(Object.isFrozen(after))
  const given = run({
    argv: ['--shards', '2', '--instance', 'crs-bbbbbbbb', '--shard-memory', '1gb'],
  })
  const other = withStored(given.options, given.sources, MACHINE, stored)
  t.same([other.shards, other.instance, other.shardMemoryBytes], [2, 'crs-bbbbbbbb', 1024 ** 3])
})

t.test('options are complete and frozen', async (t) => {
  const { options } = run({})
  t.ok(Object.isFrozen(options))
  for (const row of rows) t.not(options[row.property as keyof Options], undefined, row.name)
  t.equal(new Set(rows.map((row) => row.name)).size, rows.length)
  t.equal(new Set(rows.map((row) => row.property)).size, rows.length)
})

t.test('--help lists every option with its default; --version is one line', async (t) => {
  const help = parse({ argv: ['--help'] })
  const version = parse({ argv: ['--version', '--shards', 'x'] })
  if (help.kind !== 'text' || version.kind !== 'text') throw new Error('texts were expected')
  t.equal(version.text, 'ckv 1.2.3\n')
  const flat = help.text.replace(/\s+/g, ' ')
  for (const row of rows) {
    t.match(flat, `--${row.name} <`)
    t.ok(flat.includes(row.help), row.name)
  }
  t.match(flat, '(256mb 64mb 60)')
  for (const other of ['ckv log verify', 'ckv log dump']) t.ok(flat.includes(other), other)
  for (const line of help.text.split('\n')) t.ok(line.length <= 100)
})
