import t from 'tap'
import { readGcTrace } from '../../native-free-bench/load/gc-trace.ts'
import { parsePeer } from '../../native-free-bench/load/peers.ts'
import { cpuSecondsOf, statusBytes } from '../../native-free-bench/load/process-meter.ts'
import { launchFor } from '../../native-free-bench/load/server.ts'
import { type Bar, formatFigure, formatTable, passes } from '../../native-free-bench/report.ts'

t.test('peers are read from text', async (t) => {
  t.same(parsePeer('ckv:dispatch=ring,shards=8,as=us'), {
    kind: 'ckv',
    name: 'us',
    settings: { dispatch: 'ring', shards: '8', workers: '1', acceptors: '1' },
  })
  t.same(parsePeer('redis'), { kind: 'redis', name: 'redis', settings: {} })
  t.same(parsePeer('address:[::1]:6379').settings, { host: '[::1]', port: '6379' })
})

t.test('a wrong peer says what is allowed', async (t) => {
  t.throws(() => parsePeer('memcached'), /use ckv, redis, ceiling, echo, address/)
  t.throws(() => parsePeer('ckv:shard=2'), /"shard=2" is none of dispatch, shards/)
  t.throws(() => parsePeer('redis:shards=2'), /none of/)
  t.throws(() => parsePeer('address:6379'), /address:host:port/)
})

t.test('our command line carries the settings and any other flag', async (t) => {
  const peer = parsePeer('ckv:dispatch=place,flag.appendfsync=always')
  const { args } = launchFor(peer, 7000, '/data', {})
  t.match(args.join(' '), /--port 7000 --dir \/data --dispatch place --shards 2/)
  t.match(args.join(' '), /--appendfsync always/)
})

t.test('CPU time is read behind a process name with spaces and brackets', async (t) => {
  const head = '17 (node (main) x) S 1 17 17 0 -1 4194304 100 0 0 0'
  t.equal(cpuSecondsOf(`${head} 250 50 7 7 20 0 11 0 12345`, 100), 3)
})

t.test('memory fields are kilobytes', async (t) => {
  const status = 'Name:\tnode\nVmPeak:\t  9000 kB\nVmRSS:\t    1234 kB\n'
  t.equal(statusBytes(status, 'VmRSS'), 1234 * 1024)
  t.equal(statusBytes(status, 'VmSwap'), 0)
})

t.test('collections are read from what the runtime prints', async (t) => {
  const output = [
    'ckv ready on 127.0.0.1:1 in 20 ms',
    '[36:0xb6]  243 ms: Scavenge 5.2 (5.6) -> 4.7 (6.4) MB, pooled: 0.0 MB, 1.32 / 0.00 ms (av',
    '[36:0x7f]  654 ms: Incremental Mark-Compact 26.3 (54.8) -> 9.3 (39.4) MB, pooled: 11.0 MB, ' +
      '0.71 / 0.00 ms (+ 9.2 ms in 28 steps since start of marking, biggest step 6.5 ms)',
  ].join('\n')
  t.same(readGcTrace(output), { collections: 2, pauseMsMax: 1.32, heapMbMax: 9.3, threads: 2 })
  t.equal(readGcTrace('').collections, 0)
})

t.test('bars: what was not measured does not pass', async (t) => {
  const bar = (value: number, direction: Bar['direction']): Bar => {
    return { name: 'x', value, limit: 0.8, direction }
  }
  t.ok(passes(bar(0.8, 'at least')))
  t.notOk(passes(bar(0.79, 'at least')))
  t.ok(passes(bar(0.8, 'at most')))
  t.notOk(passes(bar(Number.NaN, 'at least')))
  t.notOk(passes(bar(Number.NaN, 'at most')))
})

t.test('tables line up', async (t) => {
  const text = formatTable([
    ['a', 'b', 'req/s'],
    ['long', 'x', '1'],
  ])
  t.equal(text, 'a     b  req/s\nlong  x      1')
  t.equal(formatFigure(1234567.8), '1,234,568')
  t.equal(formatFigure(0.123456), '0.123')
  t.equal(formatFigure(Number.NaN), '-')
})
