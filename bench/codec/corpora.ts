import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ColumnSource } from '../../src/shared/codec/column-data.ts';
import { generateW } from '../workload/workload-w.ts';

/** One column of doubles to measure on; ms timestamps if `isTime`. */
export interface Corpus {
  readonly name: string;
  readonly source: ColumnSource;
  readonly values: Float64Array;
}

const ROWS = 262_144;

/** A generator of numbers 0…1 that gives the same ones each time (Marsaglia's xorshift32). */
function makeRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 2 ** 32;
  };
}

/** Workload W's columns, the columns of the ETT files in a folder if they are there, and generated hard cases. */
export function corpora(ettFolder: string | undefined): Corpus[] {
  const [table] = generateW({ tables: 1, rowsPerTable: ROWS });
  const result: Corpus[] = [];
  for (const name of ['ts', 'temp', 'pressure', 'vib', 'count'] as const) {
    result.push(corpus(`W ${name}`, table![name], name === 'ts'));
  }
  for (const file of ['ETTh1', 'ETTh2']) {
    const path = ettFolder === undefined ? '' : join(ettFolder, `${file}.csv`);
    if (path !== '' && existsSync(path)) result.push(...ett(file, readFileSync(path, 'utf8')));
  }
  const random = makeRandom(0x9e3779b9);
  const each = (value: (i: number) => number): Float64Array =>
    Float64Array.from({ length: ROWS }, (_, i) => value(i));
  const words = new Uint32Array(2 * ROWS).map(() => random() * 2 ** 32);
  let counter = 0;
  const hard: [string, Float64Array][] = [
    ['random bits', new Float64Array(words.buffer)],
    ['17 digits', each(() => 20 + random())],
    ['through zero', each((i) => (i % 2 === 0 ? 1 : -1) * Math.round(1000 * random()) * 0.01)],
    ['counter, resets', each((i) => (counter = i % 5000 === 0 ? 0 : counter + Math.floor(9 * random())))],
    ['vibration, float32', each((i) => Math.fround(Math.sin(i / 7) + 0.1 * random()))],
    ['constant', each(() => 21.5)],
    ['steps', each((i) => Math.floor(i / 400) * 0.7)],
  ];
  for (const [name, values] of hard) result.push(corpus(name, values, false));
  result.push(
    corpus(
      'cadence',
      each((i) => 1.7e12 + 1000 * i),
      true,
    ),
  );
  return result;
}

function corpus(name: string, values: Float64Array, isTime: boolean): Corpus {
  const shared = new Float64Array(new SharedArrayBuffer(values.byteLength));
  shared.set(values);
  return {
    name,
    source: { kind: 'f64', isTime, values: shared, validity: undefined, arena: undefined },
    values,
  };
}

function ett(file: string, text: string): Corpus[] {
  const [head, ...lines] = text.trim().split('\n');
  const rows = lines.map((line) => line.split(','));
  return head!.split(',').map((name, column) =>
    corpus(
      `${file} ${name}`,
      Float64Array.from(rows, (row) =>
        column === 0 ? Date.parse(`${row[0]!.replace(' ', 'T')}Z`) : Number(row[column]),
      ),
      column === 0,
    ),
  );
}
