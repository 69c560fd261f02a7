// The checker's part for collections: packed bytes in an entry, and the nodes of large lists.
// Dictionaries of elements are checked like those of keys, by checker.ts.

import type { Arena } from './arena.ts'
import type { Claims } from './checker-claims.ts'
import { entryEncoding, entryType, entryValueLength, entryValueStart } from './entry.ts'
import { integerSetCheck } from './integer-set.ts'
import {
  COLLECTION_INTEGERS,
  COUNT_WORD,
  LIST_HEAD_WORD,
  LIST_NODES_WORD,
  LIST_ROOT_BYTES,
  LIST_TAIL_WORD,
  NODE_BYTES_WORD,
  NODE_HEADER_BYTES,
  NODE_NEXT_WORD,
  NODE_PREVIOUS_WORD,
  SEGMENT_SHIFT,
  TYPE_HASH,
  TYPE_ZSET,
  UNIT_MASK,
} from './layout.ts'
import { nodeBytes, nodeCount, nodeElements, nodeStart } from './list-node.ts'
import { packedCheck, packedCount } from './packed.ts'

/** What is wrong with the packed bytes of an entry, '' if nothing is. */
export function packedProblem(arena: Arena, entry: number): string {
  const bytes = arena.bytes[entry >>> SEGMENT_SHIFT]
  const start = entryValueStart(arena, entry)
  const room = entryValueLength(arena, entry)
  if (entryEncoding(arena, entry) === COLLECTION_INTEGERS) {
    return integerSetCheck(bytes, start, room)
  }
  const problem = packedCheck(bytes, start, room)
  if (problem !== '') return problem
  if (packedCount(bytes, start) === 0) return 'a collection without elements'
  const pairs = entryType(arena, entry) === TYPE_HASH || entryType(arena, entry) === TYPE_ZSET
  return pairs && packedCount(bytes, start) % 2 !== 0 ? 'half a pair' : ''
}

/** What is wrong with the payload of a list's node. */
function nodeProblem(arena: Arena, node: number): string {
  const count = nodeCount(arena, node)
  if (count === 0) return ''
  const bytes = arena.bytes[node >>> SEGMENT_SHIFT]
  const problem = packedCheck(bytes, nodeStart(node), nodeBytes(arena, node))
  if (problem !== '') return problem
  const found = packedCount(bytes, nodeStart(node))
  return found === count ? '' : `${count} elements, ${found} found`
}

/** Claims root and nodes of a large list; returns how many elements it has. */
export function checkList(claims: Claims, root: number, name: string): number {
  const { arena } = claims
  if (!claims.take(root, LIST_ROOT_BYTES, `${name} list root`)) return 0
  const words = arena.words[root >>> SEGMENT_SHIFT]
  const rootWord = (root & UNIT_MASK) << 1
  let previous = 0
  let nodes = 0
  let elements = 0
  for (let node = words[rootWord + LIST_HEAD_WORD]; node !== 0; ) {
    if (!claims.allocated(node)) {
      claims.find(`${name}: node ${node} is not an allocated block`)
      return elements
    }
    const nodeWords = arena.words[node >>> SEGMENT_SHIFT]
    const word = (node & UNIT_MASK) << 1
    const bytes = nodeWords[word + NODE_BYTES_WORD]
    if (!claims.take(node, NODE_HEADER_BYTES + bytes, `${name} node`)) return elements
    // Nodes are freed from the head, so in a detached list the first may name one that is gone.
    if (previous !== 0 && nodeWords[word + NODE_PREVIOUS_WORD] !== previous) {
      claims.find(`${name}: node ${node} does not lead back to ${previous}`)
    }
    const problem = nodeProblem(arena, node)
    if (problem !== '') claims.find(`${name}: node ${node}: ${problem}`)
    nodes++
    elements += nodeElements(arena, node)
    previous = node
    node = nodeWords[word + NODE_NEXT_WORD]
  }
  if (nodes > 0 && words[rootWord + LIST_TAIL_WORD] !== previous) claims.find(`${name}: wrong tail`)
  if (words[rootWord + LIST_NODES_WORD] !== nodes) claims.find(`${name}: wrong number of nodes`)
  if (words[rootWord + COUNT_WORD] !== elements) claims.find(`${name}: wrong number of elements`)
  return elements
}
