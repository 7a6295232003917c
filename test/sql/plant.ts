import type { ColumnType, TimeUnit } from '../../src/main/index.ts';

/** A table of the SQL tests: what Millrace and plain DuckDB both hold. */
export interface PlantTable {
  readonly name: string;
  readonly unit: TimeUnit;
  readonly columns: readonly { readonly name: string; readonly type: ColumnType }[];
  /** In order of arrival, not of time. */
  readonly rows: readonly { readonly ts: bigint; readonly values: readonly unknown[] }[];
}

/** 2024-01-01T00:00:00Z in ms. */
export const BEGIN_MS = 1_704_067_200_000n;

/** A small generator of numbers that never changes (Numerical Recipes' constants). */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

/** One press each second, with nulls, rows out of order and times that come twice. */
function press(): PlantTable {
  const random = numbers(1);
  const rows = Array.from({ length: 5000 }, (_, i) => {
    const late = i % 97 === 0 ? -5n : 0n;
    const second = BigInt(i - (i % 250 === 1 ? 1 : 0)) + late;
    const orNull = <T>(value: T, every: number): T | null => (i % every === 3 ? null : value);
    return {
      ts: BEGIN_MS + second * 1000n,
      values: [
        orNull(Math.round((20 + 5 * Math.sin(i / 60) + random()) * 100) / 100, 11),
        Math.round(1000 + 30 * random()) + 0.25,
        orNull(['RUN', 'STOP', "IDLE 'x'", ''][Math.floor(random() * 4)]!, 17),
        orNull(random() < 0.5, 13),
        orNull(BigInt(i) * 1_000_000_007n - 9n, 19),
        orNull(Math.floor(random() * 100) - 50, 23),
        orNull(Math.fround(random()), 29),
        orNull(Uint8Array.of(i & 255, (i >> 8) & 255), 31),
      ],
    };
  });
  return {
    name: 'press_01',
    unit: 'ms',
    columns: [
      { name: 'temperature', type: 'f64' },
      { name: 'pressure', type: 'f64' },
      { name: 'state', type: 'utf8' },
      { name: 'is_on', type: 'bool' },
      { name: 'pieces', type: 'i64' },
      { name: 'level', type: 'i32' },
      { name: 'load', type: 'f32' },
      { name: 'raw', type: 'bytes' },
    ],
    rows,
  };
}

/** Orders, some µs apart from the seconds of the press. */
function orders(): PlantTable {
  const rows = Array.from({ length: 40 }, (_, i) => ({
    ts: (BEGIN_MS + BigInt(i) * 120_000n) * 1000n + BigInt(i * 7 + 1),
    values: [`A-${100 + (i % 7)}`, BigInt(50 * (i + 1))],
  }));
  return {
    name: 'orders',
    unit: 'us',
    columns: [
      { name: 'article', type: 'utf8' },
      { name: 'amount', type: 'i64' },
    ],
    rows,
  };
}

/** Pulses in ns, under names that need quotes; NaN and the infinities among the values. */
function pulses(): PlantTable {
  const odd = [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, -0, 5e-324];
  const rows = Array.from({ length: 300 }, (_, i) => ({
    ts: BEGIN_MS * 1_000_000n + BigInt(i) * 999n,
    values: [i < odd.length ? odd[i] : i / 8, i % 2 === 0 ? 'even' : 'odd'],
  }));
  return {
    name: 'Fine Pulses',
    unit: 'ns',
    columns: [
      { name: 'Value "x"', type: 'f64' },
      { name: 'select', type: 'utf8' },
    ],
    rows,
  };
}

export const PLANT: readonly PlantTable[] = [press(), orders(), pulses()];
