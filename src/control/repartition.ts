// Another number of shards for the data of a directory: a new generation of logs is written beside
// the old one and takes its place by one rename of the manifest.

import { CkvError } from '../base/errors.ts'
import type { Manifest } from '../log/manifest.ts'
import type { Options } from '../options/table.ts'

export async function repartition(
  _directory: string,
  from: Manifest,
  to: Manifest,
  _options: Options,
): Promise<void> {
  throw new CkvError(
    'SHARDS',
    `the data have ${from.shardCount} shards, --shards ${to.shardCount} cannot be made of them yet`,
  )
}
