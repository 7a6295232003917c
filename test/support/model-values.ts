import type { ColumnType, TimeUnit } from '../../src/shared/schema/types.ts';

/** A NaN that went in as a JS number: it comes back as a NaN, with whatever payload the engine of JS gave it. */
export const ANY_NAN: unique symbol = Symbol('any NaN');

/**
 * A value as it can be compared with `===`: floats as their bits, integers and bools (0, 1) as they are, strings as they
 * are, byte arrays as latin1 strings.
 */
export type Cell = bigint | string | typeof ANY_NAN | null;

/** A row of the model. `ts` is in the table's unit. */
export interface Row {
  readonly ts: bigint;
  readonly cells: readonly Cell[];
}

/** Numbers that follow from a seed (mulberry32): a command of the model carries a seed instead of its rows. */
export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = seed | 0;
  }

  /** 0 … 2^32 − 1 */
  u32(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let word = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    word = (word + Math.imul(word ^ (word >>> 7), 61 | word)) ^ word;
    return (word ^ (word >>> 14)) >>> 0;
  }

  /** 0 … count − 1 */
  below(count: number): number {
    return Math.floor((this.u32() / 2 ** 32) * count);
  }

  chance(probability: number): boolean {
    return this.u32() / 2 ** 32 < probability;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  u64(): bigint {
    return (BigInt(this.u32()) << 32n) | BigInt(this.u32());
  }
}

const two = (exponent: number): bigint => 2n ** BigInt(exponent);

/** Bits of f64 that a careless store, codec or comparison would change. */
const F64_EDGES: readonly bigint[] = [
  0n,
  two(63), // −0
  1n, // smallest subnormal
  two(52) - 1n, // largest subnormal
  two(52), // smallest normal
  two(63) + 1n,
  0x3ff0_0000_0000_0000n, // 1
  0x3fb9_9999_9999_999an, // 0.1
  0x4330_0000_0000_0000n, // 2^52
  0x4340_0000_0000_0000n, // 2^53
  0xc340_0000_0000_0000n, // −2^53
  0x43e0_0000_0000_0000n, // 2^63
  0x7fef_ffff_ffff_ffffn, // largest
  0x7ff0_0000_0000_0000n, // ∞
  0xfff0_0000_0000_0000n, // −∞
  0x7ff8_0000_0000_0000n, // the usual NaN
  0x7ff0_0000_0000_0001n, // signalling NaN
  0xfff8_dead_beef_cafen,
  0xffff_ffff_ffff_ffffn,
];

const F32_EDGES: readonly bigint[] = [
  0n,
  two(31),
  1n,
  two(23) - 1n,
  two(23),
  0x3f80_0000n,
  0x4b80_0000n, // 2^24
  0x7f7f_ffffn,
  0x7f80_0000n,
  0xff80_0000n,
  0x7fc0_0000n,
  0x7f80_0001n, // signalling NaN
  0xffc0_beefn,
  0xffff_ffffn,
];

const I64_EDGES: readonly bigint[] = [
  0n,
  -1n,
  1n,
  two(31),
  -two(31) - 1n,
  two(32),
  two(53),
  two(53) + 1n,
  -two(53) - 1n,
  two(63) - 1n,
  -two(63),
  -two(63) + 1n,
];

const I32_EDGES: readonly bigint[] = [0n, -1n, 1n, 255n, 65_536n, two(31) - 1n, -two(31)];

const TEXT_EDGES: readonly string[] = [
  '',
  ' ',
  '\0',
  'a',
  'é',
  '€',
  '😀',
  '\uFEFFbom',
  'line\r\nline\u2028',
  '\uFFFD',
  'naïve 中文 🏭',
  'exactly twenty-four char',
  'one more than twenty-four',
];

/** Timestamps that the unit just allows. */
export function timeLimits(unit: TimeUnit): { min: bigint; max: bigint } {
  return unit === 'ms' ? { min: -(two(53) - 1n), max: two(53) - 1n } : { min: -two(63), max: two(63) - 1n };
}

/** How the values of a column follow one another: each speaks to another codec. */
type Style = 'constant' | 'few' | 'smooth' | 'edges' | 'any';
const STYLES: readonly Style[] = ['constant', 'few', 'smooth', 'edges', 'edges', 'any'];

/** Up to this many bytes of a string or byte array of style `any`. */
const LONG_BYTES = 4000;

/** `count` rows of the given types that follow from a seed. */
export function randomRows(seed: number, count: number, unit: TimeUnit, types: readonly ColumnType[]): Row[] {
  const random = new Random(seed);
  const times = randomTimes(random, count, unit);
  const columns = types.map((type) => randomColumn(random, count, type));
  return times.map((ts, i) => ({ ts, cells: columns.map((column) => column[i]!) }));
}

/** Timestamps mostly within 0 … 5,000, so that batches overlap and ties are common. */
function randomTimes(random: Random, count: number, unit: TimeUnit): bigint[] {
  const start = random.below(5000);
  const step = random.pick([0, 1, 1, 10, 1000]);
  const style = random.pick(['rising', 'rising', 'jitter', 'falling', 'ties', 'extremes']);
  const { min, max } = timeLimits(unit);
  return Array.from({ length: count }, (_, i) => {
    switch (style) {
      case 'rising':
        return BigInt(start + i * step);
      case 'falling':
        return BigInt(start - i * step);
      case 'jitter':
        return BigInt(start + i + random.below(10) - random.below(50));
      case 'ties':
        return BigInt(start + random.below(3));
      default:
        return random.pick([min, min + 1n, max, max - 1n, 0n, -1n, BigInt(start)]);
    }
  });
}

function randomColumn(random: Random, count: number, type: ColumnType): Cell[] {
  const nulls = random.pick([0, 0, 0.1, 0.6, 1]);
  const next = nextValue(random, type, random.pick(STYLES));
  return Array.from({ length: count }, (_, i) => (random.chance(nulls) ? null : next(i)));
}

function nextValue(random: Random, type: ColumnType, style: Style): (i: number) => Cell {
  switch (style) {
    case 'constant': {
      const value = anyValue(random, type, 40);
      return () => value;
    }
    case 'few': {
      const values: readonly Cell[] = [
        anyValue(random, type, 20),
        anyValue(random, type, 20),
        edgeValue(random, type),
      ];
      return () => random.pick(values);
    }
    case 'smooth': {
      const start = random.below(1_000_000) - 500_000;
      const step = random.pick([1, 3, 0.5, -7]);
      return (i) => smoothValue(type, start + i * step);
    }
    case 'edges':
      return () => edgeValue(random, type);
    default:
      return () => anyValue(random, type, random.chance(0.02) ? LONG_BYTES : 30);
  }
}

function smoothValue(type: ColumnType, value: number): Cell {
  switch (type) {
    case 'f64':
      return f64Bits(value);
    case 'f32':
      return f32Bits(value);
    case 'i64':
    case 'i32':
      return BigInt(Math.round(value));
    case 'bool':
      return value > 0 ? 1n : 0n;
    default:
      return `v${value}`;
  }
}

function edgeValue(random: Random, type: ColumnType): Cell {
  switch (type) {
    case 'f64':
      return random.pick(F64_EDGES);
    case 'f32':
      return random.pick(F32_EDGES);
    case 'i64':
      return random.pick(I64_EDGES);
    case 'i32':
      return random.pick(I32_EDGES);
    case 'bool':
      return random.pick([0n, 1n]);
    case 'utf8':
      return random.pick(TEXT_EDGES);
    default:
      return random.pick(['', '\0', '\xff', '\0\0\xff']);
  }
}

/** Any value; strings and byte arrays have up to `length` characters or bytes. */
function anyValue(random: Random, type: ColumnType, length: number): Cell {
  switch (type) {
    case 'f64':
      return random.u64();
    case 'f32':
      return BigInt(random.u32());
    case 'i64':
      return BigInt.asIntN(64, random.u64());
    case 'i32':
      return BigInt(random.u32() | 0);
    case 'bool':
      return BigInt(random.below(2));
    case 'utf8':
      return Array.from({ length: random.below(length) }, () =>
        String.fromCodePoint(randomCodePoint(random)),
      ).join('');
    default:
      return String.fromCharCode(...Array.from({ length: random.below(length) }, () => random.below(256)));
  }
}

/** One to four bytes of UTF-8; never half of a surrogate pair. */
function randomCodePoint(random: Random): number {
  switch (random.below(8)) {
    case 0:
      return 0x80 + random.below(0x780);
    case 1:
      return 0xe000 + random.below(0x2000);
    case 2:
      return 0x10000 + random.below(0x10000);
    default:
      return random.below(0x80);
  }
}

export function f64Bits(value: number): bigint {
  return new BigUint64Array(new Float64Array([value]).buffer)[0]!;
}

export function f32Bits(value: number): bigint {
  return BigInt(new Uint32Array(new Float32Array([value]).buffer)[0]!);
}

/** A cell as a JS value: what `appendRow`, plain arrays and predicates take. A float's NaN payload is lost in it. */
export function toValue(
  type: ColumnType,
  cell: Cell,
): number | bigint | string | boolean | Uint8Array | null {
  if (cell === null) return null;
  switch (type) {
    case 'f64':
      return cell === ANY_NAN
        ? Number.NaN
        : new Float64Array(new BigUint64Array([cell as bigint]).buffer)[0]!;
    case 'f32':
      return cell === ANY_NAN ? Number.NaN : new Float32Array(new Uint32Array([Number(cell)]).buffer)[0]!;
    case 'i64':
      return cell as bigint;
    case 'i32':
      return Number(cell);
    case 'bool':
      return cell === 1n;
    case 'utf8':
      return cell as string;
    default:
      return Uint8Array.from(Buffer.from(cell as string, 'latin1'));
  }
}

/** The cell that a cell becomes when it is given as a JS value. */
export function throughValue(type: ColumnType, cell: Cell): Cell {
  return (type === 'f64' || type === 'f32') && Number.isNaN(toValue(type, cell)) ? ANY_NAN : cell;
}

/** Whether a cell that was read is the one that the model expects. */
export function sameCell(type: ColumnType, actual: Cell, expected: Cell): boolean {
  if (expected !== ANY_NAN) return actual === expected;
  return actual !== null && Number.isNaN(toValue(type, actual));
}

/** A cell for a failure's text. */
export function showCell(cell: Cell): string {
  if (typeof cell === 'bigint') return `0x${BigInt.asUintN(64, cell).toString(16)} (${cell})`;
  return typeof cell === 'string' ? JSON.stringify(cell.slice(0, 60)) : String(cell);
}
