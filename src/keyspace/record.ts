// What an effect is about to do and to record: filled once at the top of an effect, read by every
// step of it. One a side and thread, used again for each effect, so steps need no ten arguments.

export class EffectRecord {
  /** One of EFFECT_… of log/codes.ts. */
  code = 0
  database = 0
  key: Uint8Array
  keyStart = 0
  keyLength = 0
  value: Uint8Array
  valueStart = 0
  valueLength = 0
  /** Expiry in ms, offset, or NO_EXPIRY: see log/codes.ts. */
  number = 0

  constructor() {
    this.key = NO_BYTES
    this.value = NO_BYTES
  }

  setKey(
    code: number,
    database: number,
    key: Uint8Array,
    keyStart: number,
    keyLength: number,
    number: number,
  ): void {
    this.code = code
    this.database = database
    this.key = key
    this.keyStart = keyStart
    this.keyLength = keyLength
    this.value = NO_BYTES
    this.valueStart = 0
    this.valueLength = 0
    this.number = number
  }

  setValue(value: Uint8Array, valueStart: number, valueLength: number): void {
    this.value = value
    this.valueStart = valueStart
    this.valueLength = valueLength
  }
}

const NO_BYTES = new Uint8Array(0)
