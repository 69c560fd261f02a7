// The same log on the machine's own files, from shared memory.

import t from 'tap'
import { NodeLogFs } from '../../src/log/files.ts'
import { WRITE_IO_ERROR, WRITE_OTHER_ERROR } from '../../src/log/writer.ts'
import { ACTIVE_FD_WORD } from '../../src/rows/layout.ts'
import { LogFixture, recover } from '../support/log-fixture.ts'

t.test('write, restart, tear, restart on real files', async (t) => {
  const files = new NodeLogFs()
  const directory = t.testdir()
  const texts: string[] = []
  let startLsn = 0
  let number = 1
  for (let start = 0; start < 3; start++) {
    const fixture = new LogFixture({
      files,
      directory,
      sliceBytes: 8192,
      startLsn,
      number,
      epoch: start + 1,
    })
    for (let index = 0; index < 200; index++) {
      const value = 'v'.repeat(index % 97)
      fixture.set(`k${start}:${index}`, value)
      texts.push(`1 0 k${start}:${index}=${value} @-1`)
      if (index % 7 === 0) t.equal(fixture.commit(), 0)
    }
    const shared = new Uint8Array(new SharedArrayBuffer(300_000)).fill(65)
    const pieces = [shared.subarray(0, 100_000), shared.subarray(100_000)]
    t.ok(fixture.log.appendLarge(1, 0, 0, -1, Buffer.from('big'), pieces))
    texts.push(`1 0 big=${'A'.repeat(300_000)} @-1`)
    t.equal(fixture.commit(), 0)
    const fd = fixture.word(ACTIVE_FD_WORD) - 1
    const path = `${directory}/segment-00000${number}.ckv`
    const length = files.stat(path)?.byteLength ?? 0
    files.writeSync(fd, Buffer.from('half a block'), 0, 12, length)
    files.close(fd)
    const recovered = recover(files, directory)
    t.match(recovered.scan.torn, { byteLength: 12, offset: length })
    t.ok(files.stat(`${path}.broken`))
    t.same(recovered.texts, texts)
    startLsn = recovered.endLsn
    number = recovered.nextNumber
  }
  t.equal(number, 4)
})

t.test('a descriptor that does not write answers an error class', async (t) => {
  const files = new NodeLogFs()
  const fixture = new LogFixture({ files, directory: t.testdir() })
  files.close(fixture.word(ACTIVE_FD_WORD) - 1)
  fixture.set('a', 'b')
  t.ok([WRITE_IO_ERROR, WRITE_OTHER_ERROR].includes(fixture.commit()))
  t.notOk(fixture.log.healthy())
})

t.test('the small calls', async (t) => {
  const files = new NodeLogFs()
  const directory = t.testdir({ old: 'x' })
  t.equal(files.stat(`${directory}/none`), null)
  files.mkdir(`${directory}/sub`)
  t.same(files.stat(`${directory}/sub`)?.isDirectory, true)
  files.rename(`${directory}/old`, `${directory}/new`)
  t.same(files.readdir(directory), ['new', 'sub'])
  files.unlink(`${directory}/new`)
  files.rmdir(`${directory}/sub`)
  files.fsyncDirectory(directory)
  t.throws(() => files.open(`${directory}/none`, 'r'), { code: 'ENOENT' })
})
