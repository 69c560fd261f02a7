import t from 'tap'
import { parseBenchmarkCsv, splitCsv } from '../../native-free-bench/load/redis-benchmark.ts'

const HEADER =
  '"test","rps","avg_latency_ms","min_latency_ms","p50_latency_ms","p95_latency_ms",' +
  '"p99_latency_ms","max_latency_ms"'

t.test('fields may be quoted and hold commas', async (t) => {
  t.same(splitCsv('"a","b,c",3,""'), ['a', 'b,c', '3', ''])
})

t.test('7.0 prints a header and milliseconds', async (t) => {
  const output = `${HEADER}\n"SET","71428.57","0.413","0.128","0.399","0.559","0.711","4.023"\n`
  const rows = parseBenchmarkCsv(output)
  t.equal(rows.length, 1)
  const row = rows[0]
  t.equal(row?.test, 'SET')
  t.equal(row?.throughput, 71428.57)
  t.equal(row?.p50Us, 399)
  t.equal(row?.p99Us, 711)
  t.equal(row?.maxUs, 4023)
  t.equal(row?.meanUs, 413)
})

t.test('warnings, progress lines and line ends of any kind are stepped over', async (t) => {
  const row = '"MSET (10 keys)","1000.5","1","1","2","3","4","5"'
  const noise = 'WARNING: Could not fetch server CONFIG\r\nSET: rps=0.0 (overall: 0.0)\r\r'
  const rows = parseBenchmarkCsv(`${noise}${HEADER}\r\n\r\n${row}\r\n`)
  t.same(
    rows.map((one) => [one.test, one.throughput, one.p99Us]),
    [['MSET (10 keys)', 1000.5, 4000]],
  )
})

t.test('columns are found by name, wherever they are', async (t) => {
  const rows = parseBenchmarkCsv('"test","p99_latency_ms","rps"\n"GET","0.5","9"\n')
  t.equal(rows[0]?.throughput, 9)
  t.equal(rows[0]?.p99Us, 500)
})

t.test('6.0 and before print two fields and no header', async (t) => {
  const rows = parseBenchmarkCsv('"SET","50000.00"\n"GET","60000.00"\n')
  t.same(
    rows.map((one) => [one.test, one.throughput]),
    [
      ['SET', 50000],
      ['GET', 60000],
    ],
  )
  t.ok(Number.isNaN(rows[0]?.p50Us))
})

t.test('nothing usable gives no rows', async (t) => {
  t.same(parseBenchmarkCsv(''), [])
  t.same(parseBenchmarkCsv('"SET","nan"\n'), [])
})
