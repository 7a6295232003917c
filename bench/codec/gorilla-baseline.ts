import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Gorilla over vectors of at most 1,024 doubles, in WebAssembly: both its sides lie in its memory, so nothing is copied. */
export interface Gorilla {
  /** Vectors that can be kept at once. */
  readonly slots: number;
  /** Where the doubles of a slot are put that are to be encoded. */
  valuesOf(slot: number): Float64Array;
  /** Where decoded ones are found. */
  readonly decoded: Float64Array;
  /** Encodes the first `count` values of a slot; returns the bits. */
  encode(slot: number, count: number): number;
  /** Decodes a slot. */
  decode(slot: number, count: number): void;
}

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const ROWS = 1024;
const DECODED_AT = 1024;
const VALUES_AT = 16_384;
const VALUES_BYTES = 8 * ROWS;
const SLOTS = 300;
const PACKED_AT = VALUES_AT + SLOTS * VALUES_BYTES;
/** The most that 1,024 doubles can take. */
const PACKED_BYTES = 10_240;
const PAGES = Math.ceil((PACKED_AT + SLOTS * PACKED_BYTES) / 65_536);

/** Compiles the baseline and loads it. */
export function loadGorilla(): Gorilla {
  const target = join(ROOT, 'dist', 'bench', 'codec', 'gorilla.wasm');
  mkdirSync(dirname(target), { recursive: true });
  const source = join(ROOT, 'bench', 'codec', 'gorilla', 'index.ts');
  const flags = ['-O3', '--noAssert', '--runtime', 'stub', '--importMemory'];
  const asc = join(ROOT, 'node_modules', 'assemblyscript', 'bin', 'asc.js');
  execFileSync(process.execPath, [
    asc,
    source,
    '-o',
    target,
    ...flags,
    '--initialMemory',
    String(PAGES),
    '--maximumMemory',
    String(PAGES),
  ]);
  const memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES });
  const module = new WebAssembly.Module(readFileSync(target));
  const exports = new WebAssembly.Instance(module, { env: { memory } }).exports as unknown as {
    encode(values: number, count: number, out: number): number;
    decode(from: number, count: number, out: number): void;
  };
  const valuesAt = (slot: number): number => VALUES_AT + slot * VALUES_BYTES;
  const packedAt = (slot: number): number => PACKED_AT + slot * PACKED_BYTES;
  return {
    slots: SLOTS,
    valuesOf: (slot) => new Float64Array(memory.buffer, valuesAt(slot), ROWS),
    decoded: new Float64Array(memory.buffer, DECODED_AT, ROWS),
    encode: (slot, count) => exports.encode(valuesAt(slot), count, packedAt(slot)),
    decode: (slot, count) => exports.decode(packedAt(slot), count, DECODED_AT),
  };
}
