import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Gorilla over vectors of at most 1,024 doubles, in WebAssembly. */
export interface Gorilla {
  /** Vectors that can be kept at once. */
  readonly slots: number;
  /** Where the doubles to encode are put, and where decoded ones are found. */
  readonly values: Float64Array;
  /** Encodes the first `count` values into a slot; returns the bits. */
  encode(slot: number, count: number): number;
  /** Decodes a slot. */
  decode(slot: number, count: number): void;
}

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const VALUES_AT = 1024;
const PACKED_AT = 16_384;
/** The most that 1,024 doubles can take. */
const SLOT_BYTES = 10_240;
const SLOTS = 300;
const PAGES = 64;
const ROWS = 1024;

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
  const values = new Float64Array(memory.buffer, VALUES_AT, ROWS);
  return {
    slots: SLOTS,
    values,
    encode: (slot, count) => exports.encode(VALUES_AT, count, PACKED_AT + slot * SLOT_BYTES),
    decode: (slot, count) => exports.decode(PACKED_AT + slot * SLOT_BYTES, count, VALUES_AT),
  };
}
