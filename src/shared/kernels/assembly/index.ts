// The kernels as one WebAssembly module. Each works on memory that its caller names by offsets and has a twin in plain
// TypeScript with the same values and bytes, in the codec that uses it (see ../kernels.ts). No kernel has static data,
// allocates, or keeps anything between calls.
export { estimate } from './estimate';
export { sumOfLanes } from './lanes';
export { measure } from './measure';
export { narrowDelta, narrowFrame, narrowLine } from './narrow';
export { narrowOutliers } from './narrow-outliers';
export { packNarrow } from './narrow-pack';
export { narrowDecimals, narrowWholes } from './narrow-values';
export { outliers } from './outliers';
export { packDelta, packDeltaOfDelta, packFrame, packLinear } from './pack';
export { decimals, wholes, wideInts } from './residuals';
export { restoreF64, restoreI64 } from './restore';
export { narrowRows } from './rows';
export { addUpRuns } from './runs';
export { same32, same64 } from './same';
export { shortSums, shortWholes } from './short-delta';
export { quotients, shortLine, smallDelta, smallLine, wholeLine } from './small';
export { statisticsF64, statisticsI32, statisticsI64 } from './statistics';
export { line, sums, sumsOfSums } from './sums';
export { unpack } from './unpack';
export { unpackNarrow, unpackShort } from './unpack-narrow';
