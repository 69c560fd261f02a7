// CONFIG SET without a server: what is taken, what is refused and why, what becomes of the words
// that threads read, and of the options file.

import t from 'tap'
import { rewriteOptions } from '../../src/options/config-file.ts'
import { configPairs } from '../../src/options/config-reply.ts'
import { changeSettings } from '../../src/options/config-set.ts'
import { parseOptions } from '../../src/options/parse.ts'
import type { Settings } from '../../src/options/settings.ts'
import { storeOptionWords } from '../../src/options/words.ts'
import {
  FSYNC_ALWAYS,
  FSYNC_POLICY_WORD,
  MAX_CLIENTS_WORD,
  REPLY_BYTES_WORD,
  rowsByteLength,
  SLOWLOG_MICROS_WORD,
} from '../../src/rows/layout.ts'
import { parseNotifyFlags, showNotifyFlags } from '../../src/rows/notify-flags.ts'
import { Rows } from '../../src/rows/rows.ts'
import * as thresholds from '../../src/rows/thresholds.ts'

const parsed = parseOptions({
  argv: ['--shards', '2', '--shard-memory', '64mb'],
  environment: {},
  readFile: () => new Uint8Array(0),
  machine: {
    cores: 2,
    memoryBytes: 8 * 1024 ** 3,
    cgroupMemoryBytes: undefined,
    fileLimit: undefined,
  },
  version: '0.0.0',
})
if (parsed.kind !== 'run') throw new Error('a run was expected')
const begun: Settings = { options: parsed.options, free: {}, passwordDigest: null }
const rules = {
  digestOf: (password: string) => (password === '' ? null : Buffer.from(password)),
  clientsMax: 20_000,
}

function changed(...words: string[]): Settings {
  const outcome = changeSettings(begun, words, rules)
  if (outcome.kind === 'settings') return outcome.settings
  throw new Error(JSON.stringify(outcome.complaint))
}

function reason(...words: string[]): string | undefined {
  const outcome = changeSettings(begun, words, rules)
  if (outcome.kind === 'complaint') return outcome.complaint.reason
  throw new Error(`${words.join(' ')} was taken`)
}

const shown = (settings: Settings, name: string): string | undefined =>
  Object.fromEntries(configPairs([Buffer.from(name)], settings, 1))[name]

t.test('what is taken is shown again', async (t) => {
  for (const [name, value, text] of [
    ['timeout', '10', '10'],
    ['TIMEOUT', '10', undefined],
    ['maxclients', '500', '500'],
    ['appendfsync', 'ALWAYS', 'always'],
    ['hash-max-listpack-entries', '7', '7'],
    ['hll-sparse-max-bytes', '1k', '1000'],
    ['hll-sparse-max-bytes', '1kb', '1024'],
    ['list-max-listpack-size', '-6', '-6'],
    ['notify-keyspace-events', 'KEAx', 'AKE'],
    ['save', '3600 1', '3600 1'],
    ['save', '', ''],
    ['latency-tracking', 'yes', 'yes'],
    ['maxmemory-policy', 'allkeys-lru', 'allkeys-lru'],
    ['maxmemory-samples', '10', '10'],
    ['maxmemory', '0', '134217728'],
    ['lua-time-limit', '100', '100'],
    ['client-output-buffer-limit', 'pubsub 1mb 1k 5', undefined],
  ] as const) {
    const settings = changed(name, value)
    if (text !== undefined) t.equal(shown(settings, name), text, `${name} ${value}`)
  }
  t.equal(shown(changed('hash-max-ziplist-entries', '3'), 'hash-max-listpack-entries'), '3')
  t.equal(
    shown(changed('client-output-buffer-limit', 'pubsub 1mb 1k 5'), 'client-output-buffer-limit'),
    'normal 268435456 67108864 60 slave 0 0 0 pubsub 1048576 1000 5',
  )
  t.same(changed('requirepass', 'x').passwordDigest, Buffer.from('x'))
  t.equal(begun.options.timeoutSeconds, 0, 'what was given stays as it was')
})

t.test('what is refused, in the words of Redis 7.0', async (t) => {
  const range = (min: number, max: string) => `argument must be between ${min} and ${max} inclusive`
  const largest = '9223372036854775807'
  for (const [name, value, why] of [
    ['foo', 'bar', undefined],
    ['__proto__', 'bar', undefined],
    ['maxclients', 'abc', "argument couldn't be parsed into an integer"],
    ['maxclients', '1.5', "argument couldn't be parsed into an integer"],
    ['maxclients', '0', range(1, '1000000')],
    ['appendfsync', 'x', 'argument(s) must be one of the following: everysec, always, no'],
    ['appendonly', 'maybe', "argument must be 'yes' or 'no'"],
    ['appendonly', 'no', 'only yes: the log is always on'],
    ['slowlog-max-len', '-1', range(0, largest)],
    ['slowlog-log-slower-than', '-2', range(-1, largest)],
    ['tcp-keepalive', '-1', range(0, '2147483647')],
    ['maxmemory', '100xb', 'argument must be a memory value'],
    ['databases', '3', "can't set immutable config"],
    ['enable-debug-command', 'yes', "can't set immutable config"],
    ['dir', '/x', "can't set protected config"],
    ['save', 'abc', 'Invalid save parameters'],
    ['save', '10', 'Invalid save parameters'],
    [
      'client-output-buffer-limit',
      'normal 1 2',
      'Wrong number of arguments in buffer limit configuration.',
    ],
    [
      'client-output-buffer-limit',
      'foo 1 2 3',
      'Invalid client class specified in buffer limit configuration.',
    ],
    [
      'client-output-buffer-limit',
      'normal 1 2 x',
      'Error in hard, soft or soft_seconds setting in buffer limit configuration.',
    ],
  ] as const) {
    t.equal(reason(name, value), why, `${name} ${value}`)
  }
  t.match(reason('maxmemory-policy', 'lru'), /noeviction/)
  t.match(reason('maxclients', '30000'), /try with 20000$/)
  t.equal(reason('timeout', '1', 'timeout', '2'), 'duplicate parameter')
  t.equal(reason('timeout', '1', 'hz', 'x'), "argument couldn't be parsed into an integer")
})

t.test('threads read words', async (t) => {
  const rows = new Rows(new SharedArrayBuffer(rowsByteLength(1)))
  storeOptionWords(rows.words, begun.options)
  t.equal(thresholds.hashListpackEntriesMax(rows), 512)
  t.equal(thresholds.hashListpackValueBytesMax(rows), 64)
  t.equal(thresholds.setIntsetEntriesMax(rows), 512)
  t.equal(thresholds.zsetListpackEntriesMax(rows), 128)
  t.equal(thresholds.zsetListpackValueBytesMax(rows), 64)
  t.equal(thresholds.listListpackSize(rows), -2)
  t.equal(thresholds.hllSparseBytesMax(rows), 3000)
  t.equal(thresholds.notifyFlags(rows), 0)
  t.equal(rows.words[REPLY_BYTES_WORD], 268_435_456)
  const { options } = changed(
    ...['appendfsync', 'always', 'maxclients', '77', 'slowlog-log-slower-than', '99999999999'],
    ...['list-max-ziplist-size', '-5', 'notify-keyspace-events', 'Kg'],
  )
  storeOptionWords(rows.words, options)
  t.equal(rows.words[FSYNC_POLICY_WORD], FSYNC_ALWAYS)
  t.equal(rows.words[MAX_CLIENTS_WORD], 77)
  t.equal(rows.words[SLOWLOG_MICROS_WORD], 2_147_483_647)
  t.equal(thresholds.listListpackSize(rows), -5)
  t.equal(thresholds.notifyFlags(rows), parseNotifyFlags('gK'))
})

t.test('letters of events', async (t) => {
  for (const [letters, text] of [
    ['', ''],
    ['KEA', 'AKE'],
    ['Ag$lshzxetdKEmn', 'AKEmn'],
    ['nE$', '$En'],
  ]) {
    t.equal(showNotifyFlags(parseNotifyFlags(letters) ?? -1), text, letters)
  }
  t.equal(parseNotifyFlags('q'), undefined)
})

t.test('the options file is written again', async (t) => {
  const text = '{"shards": 2, "timeout": 5, "log-level": "warn"}'
  const { options } = changed('timeout', '9', 'appendfsync', 'no', 'hz', '50')
  t.same(JSON.parse(rewriteOptions(text, begun.options, options) ?? ''), {
    shards: 2,
    timeout: 9,
    'log-level': 'warn',
    appendfsync: 'no',
  })
  t.equal(rewriteOptions('[]', begun.options, options), undefined)
  t.equal(rewriteOptions('{', begun.options, options), undefined)
})
