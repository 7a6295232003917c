/**
 * `npm run bench:codecs [-- --ett FOLDER] [--columns W] [--seconds 0.2] [--json]`: what the codecs make of columns, and how fast, beside raw copies
 * and a Gorilla baseline, all of vectors of 1,024 rows on one core; and whole columns as segments of 8,192 rows, as pack makes them.
 * Every value is compared with what was encoded.
 * Then the way from a file to Float64Arrays, beside raw copies from the page cache.
 */

import { CODEC_NAMES } from '../../src/shared/codec/codec-ids.ts';
import { decodeColumn } from '../../src/shared/codec/decode-column.ts';
import { encodeColumn } from '../../src/shared/codec/encode-column.ts';
import { ByteSink } from '../../src/shared/format/byte-sink.ts';
import { useKernels } from '../../src/shared/kernels/kernels.ts';
import { busyWarning, describeMachine, machineLine } from '../harness/machine.ts';
import { ratioSpread, type Spread, spreadOf } from '../harness/stats.ts';
import { textTable } from '../harness/text-table.ts';
import { type Comparison, measureAgainstGorilla } from './against-gorilla.ts';
import { checkBits } from './check-bits.ts';
import { type Corpus, corpora } from './corpora.ts';
import { loadGorilla } from './gorilla-baseline.ts';
import { gorillaRates } from './gorilla-rates.ts';
import { type KernelRates, kernelRates } from './kernels-alone.ts';
import { ParquetBaseline, type ParquetColumn } from './parquet.ts';
import { rateOf } from './rate.ts';
import { measureReadPath } from './read-path.ts';

const VECTOR = 1024;
const SEGMENT = 8192;
const GORILLA_ROUNDS = 9;

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
  /** Decoding of segments: what a column costs by itself counts for little there. */
  readonly segmentDecode: number;
  readonly segmentEncode: number;
  readonly kernels: KernelRates | undefined;
  /** Undefined where DuckDB's package is not installed. */
  readonly parquet?: ParquetColumn | undefined;
  readonly copy: number;
}

const words = process.argv.slice(2);
const word = (name: string): string | undefined => {
  const at = words.indexOf(name);
  return at < 0 ? undefined : words[at + 1];
};
const seconds = Number(word('--seconds') ?? 0.2);
const gorilla = loadGorilla();
const machine = describeMachine();
const columns = corpora(word('--ett')).filter(({ name }) => name.startsWith(word('--columns') ?? ''));
const measured = columns.map(measure);
const parquet = await ParquetBaseline.open();
const lines: Line[] = [];
for (const [i, line] of measured.entries())
  lines.push({ ...line, parquet: await parquet?.measure(columns[i]!.values) });
parquet?.close();
const readPath = await measureReadPath();
/** The columns of W that ALP is for, together. */
const doubles = columns.filter(({ name, source }) => name.startsWith('W ') && !source.isTime);
const againstGorilla =
  doubles.length === 0 ? undefined : measureAgainstGorilla(gorilla, doubles, GORILLA_ROUNDS, seconds / 4);
if (words.includes('--json'))
  console.log(JSON.stringify({ machine, lines, readPath, againstGorilla }, null, 2));
else print();

function measure(corpus: Corpus): Line {
  const { name, source, values } = corpus;
  const { isTime } = source;
  const vectors = encodeAll(source, VECTOR);
  const segments = encodeAll(source, SEGMENT);
  checkBits(name, values, decodeAll(segments, SEGMENT, isTime, values.length));
  const segmentEncode = rate(values, () => void encodeAll(source, SEGMENT));
  const segmentDecode = rate(values, () => void decodeAll(segments, SEGMENT, isTime, values.length));
  const encode = rate(values, () => void encodeAll(source, VECTOR));
  const decode = rate(values, () => void decodeAll(vectors, VECTOR, isTime, values.length));
  useKernels(false);
  const encodeTwin = rate(values, () => void encodeAll(source, VECTOR));
  const decodeTwin = rate(values, () => void decodeAll(vectors, VECTOR, isTime, values.length));
  useKernels(true);
  checkBits(name, values, decodeAll(vectors, VECTOR, isTime, values.length));
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
    segmentEncode,
    segmentDecode,
    kernels: kernelRates(corpus, seconds),
    ...gorillaOf(corpus),
    copy: rate(values, () => {
      for (let at = 0; at < values.length; at += VECTOR) target.set(values.subarray(at, at + VECTOR), at);
    }),
  };
}

function gorillaOf(corpus: Corpus): Pick<Line, 'gorillaBits' | 'gorillaEncode' | 'gorillaDecode'> {
  const { bits, encode, decode } = gorillaRates(gorilla, corpus, seconds);
  return { gorillaBits: bits, gorillaEncode: encode, gorillaDecode: decode };
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

function rate(values: Float64Array, pass: () => void): number {
  return rateOf(values.length, seconds, pass);
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

function print(): void {
  console.log(`${machineLine(machine)}\n${busyWarning(machine) ?? ''}`);
  console.log('Millions of values a second, bits a value. Vectors of 1,024 rows:\n');
  const times = (a: number, b: number): string => `${(a / b).toFixed(1)}×`;
  console.log(
    textTable(
      [
        'column',
        'codecs',
        'bits',
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
      ],
      lines.map((line) => [
        line.name,
        line.codecs,
        line.bits.toFixed(2),
        line.encode.toFixed(0),
        line.decode.toFixed(0),
        line.encodeTwin.toFixed(0),
        line.decodeTwin.toFixed(0),
        line.gorillaBits.toFixed(1),
        line.gorillaEncode.toFixed(0),
        line.gorillaDecode.toFixed(0),
        times(line.encode, line.gorillaEncode),
        times(line.decode, line.gorillaDecode),
        line.copy.toFixed(0),
      ]),
    ),
  );
  console.log(
    '\nSegments of 8,192 rows beside Parquet with zstd level 3 (by DuckDB, one thread), and the kernels alone beside Gorilla (a kernel too):\n',
  );
  console.log(
    textTable(
      [
        'column',
        'bits',
        'Parquet',
        'encode',
        'decode',
        'Parquet',
        '',
        'decode / Gorilla',
        'kernels: encode',
        'decode',
        'ratio',
        '',
      ],
      lines.map((line) => [
        line.name,
        line.segmentBits.toFixed(2),
        line.parquet?.bits.toFixed(2) ?? '',
        line.segmentEncode.toFixed(0),
        line.segmentDecode.toFixed(0),
        line.parquet?.encode.toFixed(0) ?? '',
        line.parquet?.decode.toFixed(0) ?? '',
        times(line.segmentDecode, line.gorillaDecode),
        line.kernels?.encode.toFixed(0) ?? '',
        line.kernels?.decode.toFixed(0) ?? '',
        line.kernels === undefined ? '' : times(line.kernels.encode, line.gorillaEncode),
        line.kernels === undefined ? '' : times(line.kernels.decode, line.gorillaDecode),
      ]),
    ),
  );
  const ms = ({ median, min, max }: Spread): string =>
    `${median.toFixed(2)} ms (${min.toFixed(2)} – ${max.toFixed(2)})`;
  const part = ({ median, min, max }: Spread): string =>
    `${median.toFixed(2)} (${min.toFixed(2)} – ${max.toFixed(2)})`;
  if (againstGorilla !== undefined) {
    const rate = ({ median, min, max }: Spread): string =>
      `${median.toFixed(0)} M/s (${min.toFixed(0)} – ${max.toFixed(0)})`;
    const beside = ({ gorilla, ours }: Comparison): string =>
      `${rate(spreadOf(ours))}   Gorilla ${rate(spreadOf(gorilla))}   ${part(ratioSpread(ours, gorilla))}×`;
    console.log(`
All doubles of W, ${doubles.map(({ name }) => name.slice(2)).join(', ')}, by the kernels alone and by Gorilla in turn, ${GORILLA_ROUNDS} rounds:
  encode   ${beside(againstGorilla.encode)}
  decode   ${beside(againstGorilla.decode)}`);
  }
  console.log(`
The five columns of a table of W, 250,000 rows, packed, from the page cache to Float64Arrays:
  query                                  ${ms(readPath.query)}
  fs.readSync of the raw columns         ${ms(readPath.copy)}   rate of the query / of this: ${part(readPath.ratio)}
  the same into one array used again     ${ms(readPath.copyReused)}   ${part(readPath.ratioReused)}`);
}
