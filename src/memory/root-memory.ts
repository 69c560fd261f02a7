// Bytes of what a dictionary consists of besides its elements: for MEMORY USAGE.

import { blockCapacity } from './allocator.ts'
import type { Arena } from './arena.ts'
import {
  DEPTH_WORD,
  DICTIONARY_ROOT_BYTES,
  DIRECTORY_WORD,
  PAGE_BYTES,
  PAGES_WORD,
  SEGMENT_SHIFT,
  UNIT_MASK,
} from './layout.ts'

/** Root, directory and pages of a dictionary. */
export function rootMemory(arena: Arena, root: number): number {
  const words = arena.words[root >>> SEGMENT_SHIFT]
  const word = (root & UNIT_MASK) << 1
  const directory = words[word + DIRECTORY_WORD]
  const bytes = blockCapacity(arena, root, DICTIONARY_ROOT_BYTES)
  if (directory === 0) return bytes
  const directoryBytes = blockCapacity(arena, directory, 4 << words[word + DEPTH_WORD])
  return bytes + directoryBytes + words[word + PAGES_WORD] * PAGE_BYTES
}
