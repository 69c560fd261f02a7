// RESP2 and RESP3 as plain values, for tests that compare whole replies.

export type Reply =
  | null
  | number
  | string
  | boolean
  | Reply[]
  | { simple: string }
  | { error: string }
  | { verbatim: string }
  | { double: string }
  | { set: Reply[] }
  | { map: [Reply, Reply][] }
  | { push: Reply[] }

/** A command line as an array of bulks. */
export function encodeWords(words: readonly (string | Uint8Array)[]): Uint8Array {
  if (words.every((word) => typeof word === 'string')) {
    const bulks = words.map((word) => `$${word.length}\r\n${word}\r\n`)
    return Buffer.from(`*${words.length}\r\n${bulks.join('')}`, 'latin1')
  }
  const pieces: Uint8Array[] = [Buffer.from(`*${words.length}\r\n`)]
  for (const word of words) {
    const bytes = typeof word === 'string' ? Buffer.from(word, 'latin1') : word
    pieces.push(Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from('\r\n'))
  }
  return Buffer.concat(pieces)
}

/** Every whole reply in the bytes, and how many bytes they took. */
export function decodeReplies(bytes: Uint8Array): { replies: Reply[]; end: number } {
  const reader = { text: Buffer.from(bytes).toString('latin1'), at: 0 }
  const replies: Reply[] = []
  let end = 0
  while (reader.at < reader.text.length) {
    const reply = readReply(reader)
    if (reply === undefined) break
    replies.push(reply)
    end = reader.at
  }
  return { replies, end }
}

interface Reader {
  readonly text: string
  at: number
}

/** Undefined: the reply is not whole. */
function readReply(reader: Reader): Reply | undefined {
  const lineEnd = reader.text.indexOf('\r\n', reader.at)
  if (lineEnd < 0) return undefined
  const type = reader.text[reader.at]
  const line = reader.text.slice(reader.at + 1, lineEnd)
  reader.at = lineEnd + 2
  switch (type) {
    case '+':
      return { simple: line }
    case '-':
      return { error: line }
    case ':':
      return Number(line)
    case ',':
      return { double: line }
    case '_':
      return null
    case '#':
      return line === 't'
    case '$':
      return readBulk(reader, Number(line))
    case '=': {
      const text = readBulk(reader, Number(line))
      return typeof text === 'string' ? { verbatim: text } : undefined
    }
    case '*':
      return line === '-1' ? null : readItems(reader, Number(line))
    case '~': {
      const items = readItems(reader, Number(line))
      return items === undefined ? undefined : { set: items }
    }
    case '>': {
      const items = readItems(reader, Number(line))
      return items === undefined ? undefined : { push: items }
    }
    case '%': {
      const items = readItems(reader, Number(line) * 2)
      return items === undefined ? undefined : { map: pairs(items) }
    }
    default:
      throw new Error(`not a reply: ${type}${line}`)
  }
}

function readBulk(reader: Reader, length: number): string | null | undefined {
  if (length < 0) return null
  const start = reader.at
  if (start + length + 2 > reader.text.length) return undefined
  if (reader.text.slice(start + length, start + length + 2) !== '\r\n') {
    throw new Error(`a bulk of ${length} bytes does not end in CRLF`)
  }
  reader.at = start + length + 2
  return reader.text.slice(start, start + length)
}

function readItems(reader: Reader, count: number): Reply[] | undefined {
  const items: Reply[] = []
  for (let index = 0; index < count; index++) {
    const item = readReply(reader)
    if (item === undefined) return undefined
    items.push(item)
  }
  return items
}

function pairs(items: readonly Reply[]): [Reply, Reply][] {
  const entries: [Reply, Reply][] = []
  for (let index = 0; index < items.length; index += 2) {
    entries.push([items[index], items[index + 1]])
  }
  return entries
}
