/** Rows of every kind that lead the encoder into every codec and to the edges of each. Deterministic: from a seed. */
import {
  bitsOfF32,
  bitsOfF64,
  bitsOfI32,
  bitsOfI64,
  F32,
  F64,
  I32,
  type Row,
  type Shape,
  TIME_MS,
} from './columns.ts';

/** Whole 0 ≤ x < n from a generator that is the same for a seed (Mulberry32, Tommy Ettinger). */
export type Dice = (n: number) => number;

export function dice(seed: number): Dice {
  let state = seed | 0;
  return (n) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 4_294_967_296) * n);
  };
}

const P53 = 2n ** 53n;
const P51 = 2n ** 51n;

/** Integers by recipe; each is cut to what the column's type can hold. */
const INTEGERS: Record<string, (count: number, roll: Dice) => bigint[]> = {
  same: (n, roll) => fill(n, BigInt(roll(1000)) - 500n),
  small: (n, roll) => each(n, () => BigInt(roll(1000)) - 500n),
  walk: (n, roll) => sums(n, BigInt(roll(1e9)), () => BigInt(roll(100)) - 50n),
  regular: (n, roll) => sums(n, 1_700_000_000_000n, constantly(BigInt(roll(5000)))),
  jitter: (n, roll) => each(n, (i) => 1_700_000_000_000n + BigInt(i) * 1000n + BigInt(roll(30))),
  faster: (n, roll) => each(n, (i) => BigInt(i) * BigInt(i) * BigInt(1 + roll(1) + 7) + 12n),
  falling: (n, roll) => each(n, (i) => -BigInt(i) * BigInt(i) * 1000n + BigInt(roll(3))),
  wide: (n, roll) => each(n, () => BigInt(roll(2 ** 26)) * 2n ** 25n + BigInt(roll(2 ** 25))),
  tooWide: (n, roll) => each(n, (i) => (i === 0 ? P51 : BigInt(roll(10)) * (i % 2 === 0 ? 1n : -1n))),
  zigzag: (n) => each(n, (i) => (i % 2 === 0 ? P51 - 1n : 0n)),
  near53: (n, roll) => each(n, () => P53 - BigInt(roll(5))),
  nearMinus53: (n, roll) => each(n, () => BigInt(roll(5)) - P53),
  both53: (n, roll) => each(n, () => (roll(2) === 0 ? P53 : -P53)),
  extremes: (n, roll) =>
    each(n, () => [-(2n ** 63n), 2n ** 63n - 1n, 0n, -1n, 2n ** 31n, 2n ** 32n][roll(6)]),
  nearMax: (n, roll) => each(n, () => 2n ** 63n - 1n - BigInt(roll(1000))),
  nearMin: (n, roll) => sums(n, -(2n ** 63n), () => BigInt(roll(1000))),
  low32: (n, roll) => each(n, () => 2n ** 40n + BigInt(roll(2 ** 32)) - 2n ** 31n),
  i32: (n, roll) => each(n, () => [-(2n ** 31n), 2n ** 31n - 1n, 0n][roll(3)]),
};

/** Floats that are not all whole numbers: as bits of f64, with a float32 of about the same value. */
const FLOATS: Record<string, (count: number, roll: Dice) => number[]> = {
  fractions: (n, roll) => each(n, () => roll(2 ** 32) / 2 ** 32),
  sameFraction: (n) => fill(n, 0.1),
  minusZeros: (n) => fill(n, -0),
  zeros: (n, roll) => each(n, () => (roll(2) === 0 ? 0 : -0)),
  special: (n, roll) =>
    each(
      n,
      () =>
        [0, -0, Number.NaN, Infinity, -Infinity, 5e-324, -5e-324, 1e-310, 1.7e308, 1e-45, 3.4e38][roll(11)],
    ),
  tiny: (n, roll) => each(n, () => [0, 5e-324, -5e-324, 1e-323, -1e-323, 1e-45][roll(6)]),
  wholeButOne: (n) => each(n, (i) => (i === n - 1 ? Math.SQRT1_2 : i)),
  wholeAndHalf: (n) => each(n, (i) => (i === n - 1 ? 0.5 : i)),
  sensor: (n, roll) => sums(n, BigInt(roll(4000)), () => BigInt(roll(21)) - 10n).map((x) => Number(x) / 100),
  prices: (n, roll) => each(n, () => (roll(2_000_000) - 1_000_000) / 100),
  steadyDecimals: (n, roll) => each(n, (i) => (i * (1 + roll(1) + 1234)) / 1000),
  fasterDecimals: (n) => each(n, (i) => (i * i * 65_537 - 12) / 1e4),
  mixedDecimals: (n, roll) => each(n, () => (roll(2 ** 30) - 2 ** 29) / 10 ** roll(7)),
  moreDecimals: (n) => each(n, (i) => (i % 2) / 10 ** Math.floor((16 * i) / n)),
  fifteenDecimals: (n, roll) => each(n, () => (roll(2 ** 32) * 2 ** 18 + roll(2 ** 18)) / 1e15),
  sixteenDecimals: (n, roll) => each(n, () => (10 * roll(2 ** 30) + 1) / 1e16),
  decimalsAtLimit: (n, roll) => each(n, () => ((2 ** 50 - 1 - roll(3)) * (1 - 2 * roll(2))) / 1e6),
  decimalsOverLimit: (n, roll) => each(n, () => (2 ** 50 - 2 + 2 * roll(2)) / 1e6),
  decimalsAndLarge: (n, roll) => each(n, () => [0.001, 0.002, 1e15, -1e15][roll(4)]),
  decimalsAndMinusZero: (n, roll) => each(n, () => [0.25, 0.5, 0, -0][roll(4)]),
  decimalsButOne: (n) => each(n, (i) => (i === n - 1 ? 0.1 + 0.2 : i / 10)),
  over53: (n, roll) => each(n, () => 2 ** 53 + 2 * roll(3)),
};

/** utf8 and bytes. Every one is well-formed UTF-8. */
const TEXTS: Record<string, (count: number, roll: Dice) => string[]> = {
  empty: (n) => fill(n, ''),
  same: (n) => fill(n, 'the one and only value'),
  few: (n, roll) => each(n, () => String(100 + roll(200))),
  fewLong: (n, roll) => each(n, () => `device/${'x'.repeat(roll(3) * 20)}/${roll(4)}`),
  distinct: (n) => each(n, (i) => `user-${String(i).padStart(9, '0')}`),
  lengths: (n, roll) => each(n, () => 'abcdefghijklmnopqrstuvwxyz'.slice(0, roll(27))),
  unicode: (n, roll) =>
    each(n, () => ['é', '\ufeff', '漢字', '🎉', '', 'a\u0000b', '\uffff', '\ud7ff'][roll(8)]),
  unicodeDistinct: (n, roll) => each(n, (i) => `${'🎉é'.repeat(roll(4))}${i}`),
  oneLong: (n) => each(n, (i) => (i === 0 ? 'y'.repeat(70_000) : `${i}`)),
  oneLongUnicode: (n) => each(n, (i) => (i === 0 ? 'é'.repeat(40_000) : `ü${i}`)),
};

/** Names of the recipes that a column of this type has. */
export function recipesOf(shape: Shape): string[] {
  if (shape.kind === 'bool') return ['bools', 'mostlyTrue', 'true', 'false'];
  if (shape.kind === 'utf8') return Object.keys(TEXTS);
  if (shape.kind === 'bytes') return [...Object.keys(TEXTS), 'random'];
  const isFloat = shape === F64 || shape === F32;
  return [...Object.keys(INTEGERS), ...(isFloat ? [...Object.keys(FLOATS), 'random'] : [])];
}

/** `count` rows by recipe; of 8 rows about `nullEighths` are null. */
export function rowsBy(shape: Shape, recipe: string, count: number, seed: number, nullEighths = 0): Row[] {
  const roll = dice(seed);
  const rows = presentRows(shape, recipe, count, roll);
  return nullEighths === 0 ? rows : rows.map((row) => (roll(8) < nullEighths ? null : row));
}

function presentRows(shape: Shape, recipe: string, count: number, roll: Dice): Row[] {
  if (shape.kind === 'bool') {
    const ones = { bools: 50, mostlyTrue: 99, true: 100, false: 0 }[recipe] ?? 0;
    return each(count, () => (roll(100) < ones ? 1 : 0));
  }
  if (shape.kind === 'utf8' || shape.kind === 'bytes') {
    if (recipe === 'random') return each(count, () => Uint8Array.from({ length: roll(9) }, () => roll(256)));
    return TEXTS[recipe](count, roll).map((text) => new TextEncoder().encode(text));
  }
  if (recipe === 'random') {
    const word = (): number => roll(2 ** 32);
    return each(count, () => (shape === F32 ? word() : (BigInt(word()) << 32n) | BigInt(word())));
  }
  const floats = FLOATS[recipe]?.(count, roll);
  if (floats !== undefined)
    return floats.map((value) => (shape === F32 ? bitsOfF32(value) : bitsOfF64(value)));
  return INTEGERS[recipe](count, roll).map((value) => integerRow(shape, value));
}

function integerRow(shape: Shape, value: bigint): Row {
  if (shape === F64) return bitsOfF64(Number(value));
  if (shape === F32) return bitsOfF32(Number(value));
  if (shape === I32) return bitsOfI32(Number(BigInt.asIntN(32, value)));
  if (shape === TIME_MS && (value >= P53 || value <= -P53))
    return bitsOfI64(value < 0n ? 1n - P53 : P53 - 1n);
  return bitsOfI64(value);
}

function each<T>(count: number, value: (i: number) => T): T[] {
  return Array.from({ length: count }, (_, i) => value(i));
}

function fill<T>(count: number, value: T): T[] {
  return new Array<T>(count).fill(value);
}

function constantly<T>(value: T): () => T {
  return () => value;
}

function sums(count: number, first: bigint, step: () => bigint): bigint[] {
  let value = first;
  return each(count, (i) => (i === 0 ? value : (value += step())));
}
