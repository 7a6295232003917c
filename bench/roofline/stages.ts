import { crc32 } from 'node:zlib';
import type { ColumnSource } from '../../src/shared/codec/column-data.ts';
import { encodeColumn } from '../../src/shared/codec/encode-column.ts';
import { ByteSink } from '../../src/shared/format/byte-sink.ts';
import { W_COLUMNS, type WTable } from '../workload/workload-w.ts';

const VECTOR = 1024;

/** Seconds of the fastest of some passes. */
export function fastest(passes: number, pass: () => void): number {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < passes; i++) {
    const start = performance.now();
    pass();
    best = Math.min(best, performance.now() - start);
  }
  return best / 1000;
}

/** GB/s (10⁹ bytes) of copying memory that no cache holds. */
export function copyRate(megabytes: number, passes: number): number {
  const from = new Uint8Array(megabytes * 1e6).fill(1);
  const to = new Uint8Array(from.length);
  return from.length / 1e9 / fastest(passes, () => to.set(from));
}

/** GB/s of the checksum that blocks and frames have. */
export function checksumRate(passes: number): number {
  const bytes = new Uint8Array(64 * 1024).fill(7);
  const times = 200;
  const seconds = fastest(passes, () => {
    for (let i = 0; i < times; i++) crc32(bytes);
  });
  return (times * bytes.length) / 1e9 / seconds;
}

/** Rows a second that one thread encodes from shared memory, in pieces of 1,024 rows as a writer gets them; and bytes a row. */
export function encodeRate(table: WTable, passes: number): { rowsPerSec: number; bytesPerRow: number } {
  const encode = encoderOf(table);
  let bytes = 0;
  const seconds = fastest(passes, () => {
    bytes = encode();
  });
  return { rowsPerSec: table.ts.length / seconds, bytesPerRow: bytes / table.ts.length };
}

/** Puts a table into shared memory. @returns what encodes all of it once, and gives back how many bytes that makes */
export function encoderOf(table: WTable): () => number {
  const sources = sourcesOf(table);
  const rows = table.ts.length;
  const sink = new ByteSink(1 << 20);
  return () => {
    let bytes = 0;
    for (let at = 0; at < rows; at += VECTOR) {
      sink.clear();
      for (const source of sources) encodeColumn(sink, source, at, Math.min(VECTOR, rows - at));
      bytes += sink.length;
    }
    return bytes;
  };
}

/** A table's columns in shared memory, as chunks hold them. */
export function sourcesOf(table: WTable): ColumnSource[] {
  return (['ts', ...W_COLUMNS] as const).map((name) => {
    const values = new Float64Array(new SharedArrayBuffer(8 * table.ts.length));
    values.set(table[name]);
    return { kind: 'f64', isTime: name === 'ts', values, validity: undefined, arena: undefined };
  });
}
