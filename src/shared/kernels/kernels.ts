import { readFileSync } from 'node:fs';
import { kernelMemory } from '../codec/scratch.ts';

/** What decodes narrow numbers whose sums are small: base, step, and where a power of ten and its inverse are. */
type SmallKernel = (
  numbers: number,
  count: number,
  base: number,
  step: number,
  factor: number,
  out: number,
) => void;

/**
 * The kernels: the codecs' inner loops in WebAssembly with SIMD, written in AssemblyScript (assembly/). They work on the
 * codecs' scratch, in places that they are given as byte offsets. Each has a twin in TypeScript in the codec that calls it,
 * which gives the same values and bytes, runs where WebAssembly has no SIMD, and is what the tests hold the kernel against.
 */
export interface Kernels {
  same32(values: number, count: number): number;
  same64(values: number, count: number): number;
  wholes(values: number, count: number, limit: number, out: number): number;
  decimals(
    values: number,
    count: number,
    power: number,
    first: number,
    limit: number,
    high: number,
    low: number,
    out: number,
  ): number;
  wideInts(values: number, count: number, out: number): void;
  measure(numbers: number, count: number, slope: number, out: number): void;
  estimate(
    codec: number,
    values: number,
    isNarrow: number,
    count: number,
    headBytes: number,
    limit: number,
    out: number,
    room: number,
  ): number;
  outliers(
    codec: number,
    values: number,
    count: number,
    base: number,
    span: number,
    numbers: number,
    places: number,
  ): number;
  narrowWholes(
    values: number,
    count: number,
    first: number,
    out: number,
    shorts: number,
    ranges: number,
  ): number;
  narrowDecimals(
    values: number,
    count: number,
    power: number,
    first: number,
    high: number,
    low: number,
    out: number,
    shorts: number,
    ranges: number,
  ): number;
  narrowOutliers(
    codec: number,
    values: number,
    count: number,
    base: number,
    span: number,
    numbers: number,
    places: number,
  ): number;
  packNarrow(
    kind: number,
    values: number,
    shorts: number,
    count: number,
    base: number,
    slope: number,
    width: number,
    out: number,
  ): void;
  packLinear(
    values: number,
    count: number,
    base: number,
    slope: number,
    width: number,
    numbers: number,
    out: number,
  ): void;
  line(numbers: number, count: number, slope: number, out: number): number;
  statisticsF64(values: number, count: number, out: number): void;
  statisticsI64(values: number, count: number, out: number): number;
  statisticsI32(values: number, count: number, out: number): void;
  packFrame(values: number, count: number, base: number, width: number, numbers: number, out: number): void;
  packDelta(values: number, count: number, base: number, width: number, numbers: number, out: number): void;
  packDeltaOfDelta(
    values: number,
    count: number,
    base: number,
    width: number,
    numbers: number,
    out: number,
  ): void;
  unpack(packed: number, count: number, width: number, out: number): void;
  unpackNarrow(
    packed: number,
    count: number,
    width: number,
    base: number,
    isRaised: number,
    tables: number,
    out: number,
  ): void;
  unpackShort(
    packed: number,
    count: number,
    width: number,
    step: number,
    isRaised: number,
    tables: number,
    out: number,
  ): void;
  shortSums(numbers: number, count: number, base: number, out: number): void;
  shortWholes(numbers: number, count: number, base: number, out: number): void;
  shortLine(numbers: number, count: number, base: number, step: number, out: number): void;
  quotients(numbers: number, count: number, factor: number, out: number): void;
  wholeLine(numbers: number, count: number, base: number, step: number, out: number): void;
  narrowFrame(numbers: number, count: number, base: number, power: number, out: number): void;
  narrowLine(numbers: number, count: number, base: number, step: number, power: number, out: number): void;
  narrowDelta(numbers: number, count: number, base: number, step: number, power: number, out: number): void;
  readonly smallLine: SmallKernel;
  readonly smallDelta: SmallKernel;
  narrowRows(
    at: number,
    end: number,
    rows: number,
    wanted: number,
    isTime: number,
    factors: number,
    tables: number,
    numbers: number,
    out: number,
    next: number,
  ): number;
  addUpRuns(
    at: number,
    end: number,
    row: number,
    rows: number,
    from: number,
    runs: number,
    ends: number,
    sums: number,
    extremes: number,
    factors: number,
    tables: number,
    numbers: number,
    values: number,
    next: number,
  ): number;
  sumOfLanes(values: number, count: number): number;
  sums(numbers: number, count: number, base: number, out: number): number;
  sumsOfSums(numbers: number, count: number, first: number, base: number, out: number): number;
  restoreF64(
    residuals: number,
    count: number,
    base: number,
    limit: number,
    power: number,
    out: number,
  ): number;
  restoreI64(residuals: number, count: number, low: number, high: number, out: number): void;
}

const available = instantiate();

/** The kernels of this thread; undefined where their twins run. */
export let kernels: Kernels | undefined = available;

/** Whether this machine's WebAssembly has SIMD. */
export const hasKernels = available !== undefined;

/** For tests and benchmarks: lets the twins run instead of the kernels, or the kernels again. */
export function useKernels(isOn: boolean): void {
  kernels = isOn ? available : undefined;
}

function instantiate(): Kernels | undefined {
  const bytes = readFileSync(new URL('./kernels.wasm', import.meta.url));
  if (!WebAssembly.validate(bytes)) return undefined;
  const imports = { env: { memory: kernelMemory } };
  return new WebAssembly.Instance(new WebAssembly.Module(bytes), imports).exports as unknown as Kernels;
}
