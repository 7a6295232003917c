import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { NanoTsDbShared } from '../../src/main/index.ts';
import { InlineEngine } from '../support/inline-engine.ts';

const NAMES = ['a', 'constructor', 'c'] as const;

/** Doubles by their bits: in most batches none is a NaN, in some there are NaNs with any payload. */
const bits = fc.oneof(
  { weight: 150, arbitrary: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }) },
  { weight: 1, arbitrary: fc.bigInt({ min: 0x7ff0_0000_0000_0001n, max: 0x7fff_ffff_ffff_ffffn }) },
  { weight: 20, arbitrary: fc.constantFrom(0n, 2n ** 63n, 0x7ff0_0000_0000_0000n) },
);

/** How a batch is given, the same rows each time. */
const form = fc.constantFrom(
  'in order',
  'in another order',
  'arrays',
  'with validity',
  'views of longer arrays',
);
/** What is wrong with it, and the error's code. */
const fault = fc.constantFrom(
  { what: 'none', code: '' },
  { what: 'none', code: '' },
  { what: 'fraction', code: 'INVALID_TIMESTAMP' },
  { what: 'not a time', code: 'INVALID_TIMESTAMP' },
  { what: 'short', code: 'WRONG_LENGTH' },
  { what: 'missing', code: 'WRONG_ARITY' },
  { what: 'unknown', code: 'UNKNOWN_COLUMN' },
  { what: 'inherited', code: 'WRONG_ARITY' },
  { what: 'float32', code: 'WRONG_TYPE' },
  { what: 'null', code: 'WRONG_TYPE' },
);

const part = fc.record({
  rows: fc.array(fc.tuple(fc.integer({ min: -(2 ** 31), max: 2 ** 31 }), bits, bits, bits), {
    maxLength: 70,
  }),
  zero: fc.boolean(),
  form,
  fault,
});

function batchOf(rows: readonly (readonly [number, bigint, bigint, bigint])[], how: string) {
  const lead = how === 'views of longer arrays' ? 3 : 0;
  const list = how === 'arrays';
  const doubles = (at: 1 | 2 | 3): Float64Array =>
    new Float64Array(
      BigUint64Array.from([...Array(lead).fill(1n), ...rows.map((row) => row[at])]).buffer,
    ).subarray(lead);
  const names: (1 | 2 | 3)[] = how === 'in another order' ? [3, 1, 2] : [1, 2, 3];
  const columns: Record<string, unknown> = {};
  for (const at of names) columns[NAMES[at - 1]!] = list ? [...doubles(at)] : doubles(at);
  const ts = Float64Array.from(rows, (row) => row[0]);
  const validity = how === 'with validity' ? { a: new Uint8Array(9).fill(255) } : undefined;
  return { ts: list ? [...ts] : ts, columns, ...(validity && { validity }) };
}

function spoil(batch: ReturnType<typeof batchOf>, what: string): unknown {
  const { ts, columns } = batch;
  switch (what) {
    case 'fraction':
      ts[ts.length - 1] = 0.5;
      return batch;
    case 'not a time':
      ts[ts.length - 1] = Number.NaN;
      return batch;
    case 'short':
      return { ...batch, columns: { ...columns, c: (columns.c as Float64Array).slice(1) } };
    case 'missing': {
      const { c: _, ...others } = columns;
      return { ts, columns: others };
    }
    case 'unknown':
      return { ...batch, columns: { ...columns, d: columns.a } };
    case 'inherited': {
      const { c, ...others } = columns;
      return { ts, columns: Object.assign(Object.create({ c }), others) };
    }
    case 'float32':
      return { ...batch, columns: { ...columns, c: new Float32Array(ts.length) } };
    default:
      return { ts, columns: null };
  }
}

test('batches of few rows are kept bit for bit however they are given, and a wrong one leaves nothing', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(part, { minLength: 1, maxLength: 12 }), async (parts) => {
      const db = NanoTsDbShared.over(new InlineEngine());
      const table = await db.createTable('t', NAMES);
      const kept: (readonly [number, bigint, bigint, bigint])[] = [];
      for (const {
        rows,
        zero,
        form: how,
        fault: { what, code },
      } of parts) {
        // As a list a NaN is a number like another.
        const sound =
          how === 'arrays' ? rows.map(([ts, ...values]) => [ts, ...values.map(plainNaN)] as const) : rows;
        const given =
          zero && sound.length > 0
            ? [[-0, ...sound[0]!.slice(1)] as unknown as (typeof sound)[0], ...sound]
            : sound;
        const batch = batchOf(given as typeof rows, how);
        if (what === 'none' || given.length === 0) {
          table.append(batch as Parameters<typeof table.append>[0]);
          kept.push(...(given as typeof rows));
        } else {
          const wrong = spoil(batch, what);
          assert.throws(() => table.append(wrong as Parameters<typeof table.append>[0]), { code });
        }
      }
      const sorted = kept.map((row, i) => ({ row, i })).sort((a, b) => a.row[0] - b.row[0] || a.i - b.i);
      const { ts, columns } = await table.query();
      const times = sorted.map(({ row }) => row[0] + 0);
      assert.deepEqual([...ts], times);
      assert.ok(
        [...ts].every((time) => !Object.is(time, -0)),
        'no time is −0',
      );
      NAMES.forEach((name, at) => {
        const { buffer, byteOffset, length } = columns[name] as Float64Array;
        assert.deepEqual(
          [...new BigUint64Array(buffer, byteOffset, length)],
          sorted.map(({ row }) => row[at + 1] as bigint),
        );
      });
      await db.close();
    }),
    { numRuns: 150 },
  );
});

/** What a NaN is once it was a number. */
function plainNaN(value: bigint): bigint {
  const view = new DataView(new ArrayBuffer(8));
  view.setBigUint64(0, value);
  if (!Number.isNaN(view.getFloat64(0))) return value;
  view.setFloat64(0, Number.NaN);
  return view.getBigUint64(0);
}
