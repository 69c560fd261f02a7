// Reads the `syntax` of a catalog row, so that the random commands follow the table: a new row is
// tried without a change here.
//
//   key [EX seconds:integer|KEEPTTL] (name value) ...
//   │   │  │                         └ group, repeated
//   │   │  └ an argument and its type; words in capitals stand for themselves
//   │   └ may be left out; | between alternatives
//   └ an argument whose type is its name

export type Syntax =
  | { kind: 'literal'; word: string }
  | { kind: 'argument'; name: string; type: string }
  | { kind: 'sequence'; items: Syntax[] }
  | { kind: 'choice'; items: Syntax[] }
  | { kind: 'optional'; item: Syntax }
  | { kind: 'repeated'; item: Syntax }

interface Cursor {
  readonly tokens: string[]
  at: number
}

export function parseSyntax(text: string): Syntax {
  const cursor = { tokens: text.match(/\.\.\.|[[\]()|]|[^\s[\]()|]+/g) ?? [], at: 0 }
  const syntax = parseChoice(cursor)
  if (cursor.at !== cursor.tokens.length) throw new Error(`syntax "${text}" does not end`)
  return syntax
}

function parseChoice(cursor: Cursor): Syntax {
  const items = [parseSequence(cursor)]
  while (cursor.tokens[cursor.at] === '|') {
    cursor.at++
    items.push(parseSequence(cursor))
  }
  return items.length === 1 ? items[0] : { kind: 'choice', items }
}

function parseSequence(cursor: Cursor): Syntax {
  const items: Syntax[] = []
  while (cursor.at < cursor.tokens.length && !/^[\])|]$/.test(cursor.tokens[cursor.at])) {
    const item = parseItem(cursor)
    if (cursor.tokens[cursor.at] === '...') {
      cursor.at++
      items.push({ kind: 'repeated', item })
    } else {
      items.push(item)
    }
  }
  return items.length === 1 ? items[0] : { kind: 'sequence', items }
}

function parseItem(cursor: Cursor): Syntax {
  const token = cursor.tokens[cursor.at++]
  if (token === '[' || token === '(') {
    const inner = parseChoice(cursor)
    cursor.at++
    // "[key ...]" is a choice of none or many, not one optional word said often.
    return token === '[' ? { kind: 'optional', item: inner } : inner
  }
  if (/^[A-Z-]+$/.test(token)) return { kind: 'literal', word: token }
  const [name, type] = token.split(':')
  return { kind: 'argument', name, type: type ?? name }
}
