// Elements whose encodings lie at a border, for packed lists and integer sets.

import fc from 'fast-check'

const BORDERS = [
  0n,
  127n,
  128n,
  4095n,
  4096n,
  2n ** 15n,
  2n ** 23n,
  2n ** 31n,
  2n ** 32n,
  2n ** 53n,
]

/** On both sides of every border, with both signs, and the ends of the int64. */
export const BORDER_INTEGERS: bigint[] = [
  ...new Set(
    [...BORDERS, 10n ** 15n, 10n ** 16n, 10n ** 18n, 2n ** 63n - 2n]
      .flatMap((border) => [border - 1n, border, border + 1n])
      .flatMap((value) => [value, -value, -value - 1n]),
  ),
]

export const NOT_QUITE_INTEGERS = [
  '',
  '-',
  '-0',
  '+1',
  '01',
  '-01',
  ' 1',
  '1 ',
  '1.0',
  '1e3',
  '0x10',
  '9223372036854775808',
  '-9223372036854775809',
  '9223372036854775810',
  '18446744073709551615',
  '18446744073709551616',
  '123456789012345678a',
  '1234567890123a56789',
  '-92233720368547758080',
  '0000000000000000000',
]

export const integers: fc.Arbitrary<bigint> = fc.oneof(
  fc.constantFrom(...BORDER_INTEGERS),
  fc.bigInt({ min: -300n, max: 300n }),
  fc.bigInt({ min: -(2n ** 15n), max: 2n ** 15n - 1n }),
  fc.bigInt({ min: -(2n ** 31n), max: 2n ** 31n - 1n }),
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
)

const lengths = fc.oneof(
  { weight: 6, arbitrary: fc.nat(70) },
  { weight: 2, arbitrary: fc.integer({ min: 120, max: 130 }) },
  { weight: 1, arbitrary: fc.integer({ min: 4090, max: 4100 }) },
)

export const elements: fc.Arbitrary<Buffer> = fc.oneof(
  integers.map((value) => Buffer.from(String(value))),
  fc.constantFrom(...NOT_QUITE_INTEGERS).map((text) => Buffer.from(text)),
  fc.uint8Array({ maxLength: 24 }).map((bytes) => Buffer.from(bytes)),
  lengths.map((length) => Buffer.alloc(length, 'long')),
)
