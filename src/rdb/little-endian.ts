// Numbers of the packed forms, and of the footer. Callers have checked the range.

export function readUint16(bytes: Uint8Array, at: number): number {
  return bytes[at] | (bytes[at + 1] << 8)
}

export function readInt16(bytes: Uint8Array, at: number): number {
  return (readUint16(bytes, at) << 16) >> 16
}

export function readInt24(bytes: Uint8Array, at: number): number {
  return ((readUint16(bytes, at) | (bytes[at + 2] << 16)) << 8) >> 8
}

export function readInt32(bytes: Uint8Array, at: number): number {
  return readUint16(bytes, at) | (readUint16(bytes, at + 2) << 16)
}

export function readUint32(bytes: Uint8Array, at: number): number {
  return readInt32(bytes, at) >>> 0
}

/** Big-endian, as lengths are. */
export function readUint32BigEndian(bytes: Uint8Array, at: number): number {
  return ((bytes[at] << 24) | (bytes[at + 1] << 16) | (bytes[at + 2] << 8) | bytes[at + 3]) >>> 0
}
