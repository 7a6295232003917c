/**
 * `npm run bench:codecs [-- --ett FOLDER] [--seconds 0.2] [--json]`: what the codecs make of columns, and how fast, beside raw copies
 * and a Gorilla baseline, all of vectors of 1,024 rows on one core; and whole columns as segments of 8,192 rows, as pack makes them.
 * Every value is compared with what was encoded.
 */

import { CODEC_NAMES } from '../../src/shared/codec/codec-ids.ts';
import { decodeColumn } from '../../src/shared/codec/decode-column.ts';
import { encodeColumn } from '../../src/shared/codec/encode-column.ts';
import { ByteSink } from '../../src/shared/format/byte-sink.ts';
import { useKernels } from '../../src/shared/kernels/kernels.ts';
import { busyWarning, describeMachine, machineLine } from '../harness/machine.ts';
import { textTable } from '../harness/text-table.ts';
import { type Corpus, corpora } from './corpora.ts';
import { type Gorilla, loadGorilla } from './gorilla-baseline.ts';

const VECTOR = 1024;
const SEGMENT = 8192;

interface Line {
  readonly name: string;
  readonly codecs: string;
  readonly bits: number;
  readonly segmentBits: number;
  readonly encode: number;
  readonly decode: number;
  readonly encodeTwin: number;
  readonly decodeTwin: number;
  readonly gorillaBits: number;
  readonly gorillaEncode: number;
  readonly gorillaDecode: number;
  readonly copy: number;
}

const words = process.argv.slice(2);
const word = (name: string): string | undefined => {
  const at = words.indexOf(name);
  return at < 0 ? undefined : words[at + 1];
};
const seconds = Number(word('--seconds') ?? 0.2);
const gorilla = loadGorilla();
const lines = corpora(word('--ett')).map(measure);
if (words.includes('--json')) console.log(JSON.stringify({ machine: describeMachine(), lines }, null, 2));
else print(lines);

function measure({ name, source, values }: Corpus): Line {
  const { isTime } = source;
  const vectors = encodeAll(source, VECTOR);
  const segments = encodeAll(source, SEGMENT);
  check(name, values, decodeAll(segments, SEGMENT, isTime, values.length));
  const encode = rate(values, () => void encodeAll(source, VECTOR));
  const decode = rate(values, () => void decodeAll(vectors, VECTOR, isTime, values.length));
  useKernels(false);
  const encodeTwin = rate(values, () => void encodeAll(source, VECTOR));
  const decodeTwin = rate(values, () => void decodeAll(vectors, VECTOR, isTime, values.length));
  useKernels(true);
  check(name, values, decodeAll(vectors, VECTOR, isTime, values.length));
  const target = new Float64Array(values.length);
  return {
    name,
    codecs: codecsOf(vectors),
    bits: bitsOf(vectors, values),
    segmentBits: bitsOf(segments, values),
    encode,
    decode,
    encodeTwin,
    decodeTwin,
    ...measureGorilla(gorilla, name, values),
    copy: rate(values, () => {
      for (let at = 0; at < values.length; at += VECTOR) target.set(values.subarray(at, at + VECTOR), at);
    }),
  };
}

function encodeAll(source: Corpus['source'], rows: number): Uint8Array[] {
  const parts: Uint8Array[] = [];
  const sink = new ByteSink(1 << 17);
  const { length } = source.values;
  for (let at = 0; at < length; at += rows) {
    sink.clear();
    encodeColumn(sink, source, at, Math.min(rows, length - at));
    parts.push(sink.written().slice());
  }
  return parts;
}

function decodeAll(
  parts: readonly Uint8Array[],
  rows: number,
  isTime: boolean,
  length: number,
): Float64Array[] {
  return parts.map(
    (part, i) =>
      decodeColumn(part, 'f64', isTime, isTime, Math.min(rows, length - i * rows)).values as Float64Array,
  );
}

function measureGorilla(
  baseline: Gorilla,
  name: string,
  values: Float64Array,
): Pick<Line, 'gorillaBits' | 'gorillaEncode' | 'gorillaDecode'> {
  const parts: Float64Array[] = [];
  for (let at = 0; at < values.length && parts.length < baseline.slots; at += VECTOR)
    parts.push(values.subarray(at, at + VECTOR));
  const total = parts.reduce((sum, part) => sum + part.length, 0);
  let bits = 0;
  const encode = (): void => {
    bits = 0;
    parts.forEach((part, slot) => {
      baseline.values.set(part);
      bits += baseline.encode(slot, part.length);
    });
  };
  encode();
  parts.forEach((part, slot) => {
    baseline.decode(slot, part.length);
    check(name, part, [baseline.values.subarray(0, part.length)]);
  });
  const target = new Float64Array(VECTOR);
  return {
    gorillaBits: bits / total,
    gorillaEncode: rate(values.subarray(0, total), encode),
    gorillaDecode: rate(values.subarray(0, total), () => {
      parts.forEach((part, slot) => {
        baseline.decode(slot, part.length);
        target.set(baseline.values.subarray(0, part.length));
      });
    }),
  };
}

function check(name: string, values: Float64Array, parts: readonly Float64Array[]): void {
  const wanted = new BigUint64Array(values.buffer, values.byteOffset, values.length);
  let at = 0;
  for (const part of parts) {
    const bits = new BigUint64Array(part.buffer, part.byteOffset, part.length);
    for (const value of bits)
      if (value !== wanted[at++]) throw new Error(`${name}: value ${at - 1} is wrong`);
  }
  if (at !== values.length) throw new Error(`${name}: ${at} values of ${values.length}`);
}

/** Millions of values a second: the best of several passes. */
function rate(values: Float64Array, pass: () => void): number {
  let best = Number.POSITIVE_INFINITY;
  const end = performance.now() + seconds * 1000;
  do {
    const start = performance.now();
    pass();
    best = Math.min(best, performance.now() - start);
  } while (performance.now() < end);
  return values.length / best / 1000;
}

function bitsOf(parts: readonly Uint8Array[], values: Float64Array): number {
  return (8 * parts.reduce((sum, part) => sum + part.length, 0)) / values.length;
}

/** The codecs of the vectors, the commonest first. */
function codecsOf(parts: readonly Uint8Array[]): string {
  const counts = new Map<string, number>();
  for (const part of parts) {
    const name = CODEC_NAMES[part[0]!]!;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts]
    .sort((a, b) => b[1] - a[1])
    .slice(0, 2)
    .map(([name]) => name)
    .join(', ');
}

function print(all: readonly Line[]): void {
  const head = [
    'column',
    'codecs',
    'bits',
    'in segments',
    'encode',
    'decode',
    'twins',
    '',
    'Gorilla bits',
    'encode',
    'decode',
    'ratio',
    '',
    'copy',
  ];
  const rows = all.map((line) => [
    line.name,
    line.codecs,
    line.bits.toFixed(2),
    line.segmentBits.toFixed(2),
    line.encode.toFixed(0),
    line.decode.toFixed(0),
    line.encodeTwin.toFixed(0),
    line.decodeTwin.toFixed(0),
    line.gorillaBits.toFixed(1),
    line.gorillaEncode.toFixed(0),
    line.gorillaDecode.toFixed(0),
    `${(line.encode / line.gorillaEncode).toFixed(1)}×`,
    `${(line.decode / line.gorillaDecode).toFixed(1)}×`,
    line.copy.toFixed(0),
  ]);
  const machine = describeMachine();
  console.log(`${machineLine(machine)}\n${busyWarning(machine) ?? ''}`);
  console.log('Millions of values a second, bits a value.\n');
  console.log(textTable(head, rows));
}
