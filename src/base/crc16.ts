// CRC16-CCITT (XMODEM): the checksum that Redis Cluster's key slots are made of.
// [redis-3.2 crc16.c]

const TABLE = new Uint16Array(256)
for (let byte = 0; byte < 256; byte++) {
  let crc = byte << 8
  for (let bit = 0; bit < 8; bit++) crc = crc & 0x8000 ? (crc << 1) ^ 0x1021 : crc << 1
  TABLE[byte] = crc
}

export function crc16(bytes: Uint8Array, start: number, length: number): number {
  let crc = 0
  for (let at = start, end = start + length; at < end; at++) {
    crc = ((crc << 8) & 0xffff) ^ TABLE[((crc >>> 8) ^ bytes[at]) & 0xff]
  }
  return crc
}
