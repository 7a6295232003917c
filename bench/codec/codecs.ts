/**
 * Rates of the codecs on one core, in millions of values per second: `node dist/bench/codec/codecs.js [seconds]`.
 * Each line is a column of 65,536 rows in shared memory, encoded and decoded again and again for some time.
 */
import { encodeColumn } from '../../src/shared/codec/choose.ts';
import type { ColumnSource } from '../../src/shared/codec/column-data.ts';
import { decodeColumn } from '../../src/shared/codec/decode.ts';
import { describeVector } from '../../src/shared/codec/describe.ts';
import { ByteSink } from '../../src/shared/format/byte-sink.ts';
import type { ColumnType } from '../../src/shared/schema/types.ts';

const ROWS = 65_536;
const seconds = Number(process.argv[2] ?? 0.3);

/** A generator of numbers 0…1 that gives the same ones each time (Marsaglia's xorshift32). */
let state = 0x9e3779b9;
function random(): number {
  state ^= state << 13;
  state ^= state >>> 17;
  state ^= state << 5;
  return (state >>> 0) / 2 ** 32;
}

function fixed(kind: ColumnType, value: (i: number) => number, nulls = false, isTime = false): ColumnSource {
  const memory = new SharedArrayBuffer(8 * ROWS);
  let values: ColumnSource['values'];
  if (kind === 'i64') values = new BigInt64Array(memory);
  else if (kind === 'f32') values = new Float32Array(memory);
  else if (kind === 'i32') values = new Int32Array(memory);
  else if (kind === 'bool') values = new Uint8Array(memory);
  else values = new Float64Array(memory);
  for (let i = 0; i < ROWS; i++) {
    if (values instanceof BigInt64Array) values[i] = BigInt(Math.trunc(value(i)));
    else values[i] = value(i);
  }
  const validity = nulls ? new Uint8Array(new SharedArrayBuffer(ROWS / 8)).fill(0b11101111) : undefined;
  return { kind, isTime, values, validity, arena: undefined };
}

function variable(kind: 'utf8' | 'bytes', value: (i: number) => string): ColumnSource {
  const texts = Array.from({ length: ROWS }, (_, i) => Buffer.from(value(i)));
  const total = texts.reduce((sum, text) => sum + text.length, 0);
  const arena = new Uint8Array(new SharedArrayBuffer(total));
  const values = new Uint32Array(new SharedArrayBuffer(8 * ROWS));
  let at = 0;
  texts.forEach((text, i) => {
    arena.set(text, at);
    values[2 * i] = at;
    values[2 * i + 1] = text.length;
    at += text.length;
  });
  return { kind, isTime: false, values, validity: undefined, arena };
}

/** Millions of values per second of a call that handles ROWS of them. */
function rate(call: () => void): number {
  for (let i = 0; i < 20; i++) call();
  let calls = 0;
  const start = performance.now();
  let now = start;
  for (; now < start + seconds * 1000; now = performance.now()) {
    call();
    calls++;
  }
  return (calls * ROWS) / (now - start) / 1000;
}

let walk = 0;
const columns: Record<string, ColumnSource> = {
  'f64 fractions': fixed('f64', random),
  'f64 fractions, nulls': fixed('f64', random, true),
  'f64 constant': fixed('f64', () => 1.5),
  'f64 whole 0…999': fixed('f64', () => Math.floor(1000 * random())),
  'f64 whole, walk': fixed('f64', () => (walk += Math.floor(100 * random()) - 50) * 1000),
  'f64 whole, walk, nulls': fixed('f64', () => (walk += Math.floor(100 * random()) - 50) * 1000, true),
  'f32 fractions': fixed('f32', random),
  'f32 whole 0…255': fixed('f32', () => Math.floor(256 * random())),
  'i32 0…99,999': fixed('i32', () => Math.floor(100_000 * random())),
  'i64 40 bits': fixed('i64', () => Math.floor(2 ** 40 * random())),
  'i64 walk': fixed('i64', () => (walk += Math.floor(100 * random())) * 1000),
  'ts ms regular': fixed('f64', (i) => 1.7e12 + 1000 * i, false, true),
  'ts ms jitter': fixed('f64', (i) => 1.7e12 + 1000 * i + Math.floor(30 * random()), false, true),
  'ts ns jitter': fixed('i64', (i) => 1.7e18 + 1e6 * i + Math.floor(3000 * random()), false, true),
  'bool random': fixed('bool', () => Math.floor(2 * random())),
  'utf8 3 B of 200': variable('utf8', () => String(100 + Math.floor(200 * random()))),
  'utf8 20 B of 50': variable('utf8', () => `device-of-the-house-${10 + Math.floor(50 * random())}`),
  'utf8 16 B distinct': variable('utf8', (i) => `user-${String(i).padStart(11, '0')}`),
  'utf8 é distinct': variable('utf8', (i) => `né-${i}`),
  'bytes 20 B distinct': variable('bytes', (i) => `payload-${String(i).padStart(12, '0')}`),
};

const sink = new ByteSink();
for (const [name, source] of Object.entries(columns)) {
  const encode = rate(() => {
    sink.clear();
    encodeColumn(sink, source, 0, ROWS);
  });
  const bytes = sink.written().slice();
  const timeAsNumber = source.isTime && source.kind === 'f64';
  const decode = rate(() => decodeColumn(bytes, source.kind, source.isTime, timeAsNumber, ROWS));
  const { codec } = describeVector(bytes, 0);
  const size = (bytes.length / ROWS).toFixed(2);
  console.log(
    `${name.padEnd(24)}${codec.padEnd(20)}${size.padStart(6)} B/value` +
      `${encode.toFixed(0).padStart(6)} M/s encode${decode.toFixed(0).padStart(6)} M/s decode`,
  );
}
