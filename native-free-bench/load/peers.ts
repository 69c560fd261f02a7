// Which servers a bench can drive, written as text on the command line:
//
//   ckv                                   us, with the defaults below
//   ckv:dispatch=ring,shards=8,workers=2,acceptors=2
//   ckv:flag.appendfsync=always           any other option of ours
//   ckv:trace=gc                          prints its garbage collections
//   ckv:tree=../before,as=before          another checkout of ours: before and after in one run
//   redis                                 redis-server with AOF everysec, if it is on the PATH
//   ceiling:mode=auto,shards=2            a prototype given by --ceiling or CKV_BENCH_CEILING
//   echo                                  the bare reference
//   address:10.0.0.5:6379                 any Redis-protocol server; no CPU or memory figures
//
// `as=name` gives a peer another name in the tables.

export interface PeerSpec {
  kind: 'ckv' | 'redis' | 'ceiling' | 'echo' | 'address'
  name: string
  settings: Record<string, string>
}

const SETTINGS: Record<PeerSpec['kind'], string[]> = {
  ckv: ['dispatch', 'shards', 'workers', 'acceptors', 'slow', 'trace', 'tree'],
  redis: [],
  ceiling: ['mode', 'shards', 'slow'],
  echo: [],
  address: [],
}

const CKV_DEFAULTS = { dispatch: 'auto', shards: '2', workers: '1', acceptors: '1' }
const CEILING_DEFAULTS = { mode: 'auto', shards: '2' }

/** Reads one peer; throws a line that says what is allowed. */
export function parsePeer(text: string): PeerSpec {
  const colon = text.indexOf(':')
  const kind = colon < 0 ? text : text.slice(0, colon)
  const rest = colon < 0 ? '' : text.slice(colon + 1)
  if (!isKind(kind)) {
    throw new Error(`peer "${text}": use ${Object.keys(SETTINGS).join(', ')}`)
  }
  if (kind === 'address') {
    const at = rest.lastIndexOf(':')
    const port = Number(rest.slice(at + 1))
    if (at < 1 || !Number.isInteger(port)) throw new Error(`peer "${text}": use address:host:port`)
    return { kind, name: rest, settings: { host: rest.slice(0, at), port: String(port) } }
  }
  const given: Record<string, string> = {}
  let name = text
  for (const part of rest === '' ? [] : rest.split(',')) {
    const equals = part.indexOf('=')
    const key = part.slice(0, equals)
    const known = SETTINGS[kind].includes(key) || (kind === 'ckv' && key.startsWith('flag.'))
    if (equals < 0 || !(known || key === 'as')) {
      throw new Error(`peer "${text}": "${part}" is none of ${SETTINGS[kind].join(', ')}, as`)
    }
    if (key === 'as') name = part.slice(equals + 1)
    else given[key] = part.slice(equals + 1)
  }
  const defaults = kind === 'ckv' ? CKV_DEFAULTS : kind === 'ceiling' ? CEILING_DEFAULTS : {}
  return { kind, name, settings: { ...defaults, ...given } }
}

function isKind(text: string): text is PeerSpec['kind'] {
  return Object.hasOwn(SETTINGS, text)
}
