import type { BlockRef } from '../../shared/format/block-ref.ts';

/** Blocks that are packed together or not at all: those of one ordinal, or the segments of one earlier pack. */
export interface Unit {
  readonly refs: readonly BlockRef[];
  readonly ordinalFirst: number;
  readonly ordinalLast: number;
  readonly rows: number;
  readonly bytes: number;
  readonly minTs: bigint;
  readonly maxTs: bigint;
  /** Rows of the largest thing in it that a pack would move: a block, or all segments of an earlier pack. */
  readonly largest: number;
  /** How many such things there are. */
  readonly pieces: number;
  readonly packed: boolean;
}

export interface PackRules {
  readonly targetSegmentPoints: number;
  /** Blocks that one task may read. */
  readonly maxSegmentsPerPack: number;
  /** Encoded bytes that a task reads at most: what is decoded of them must fit memory. */
  readonly taskBytes: number;
  /** Rows with a smaller timestamp are hidden. */
  readonly cutoff: bigint;
  /** Ordinals below this are whole: no chunk has more rows of them. */
  readonly wholeBelow: number;
  /**
   * Below this an ordinal without a block never had rows that are still to come: it is from an earlier session. From here
   * on a gap may be a chunk that is just being opened, so a run must not reach over it.
   */
  readonly gapsBelow: number;
  /** Blocks that could not be read, by their offset: left alone. */
  readonly avoid: ReadonlySet<number>;
  /**
   * Packs whatever is not packed as it should be. Without it rows are only moved where they come into a run of at least
   * twice the rows: so each is rewritten a bounded number of times, whatever the pattern of arrival.
   */
  readonly thorough: boolean;
  /** Segments that are as they should be, by their offset: the outcome of this very call. */
  readonly settled: ReadonlySet<number>;
}

/** So many small neighbours are worth packing before a segment's worth of rows has come together. */
const MANY_PIECES = 8;
/** A run of segments counts as overlapping another one only from this share of its time on. */
const OVERLAP_SHARE = 4n;

/** Blocks below this many rows are debt. */
export const SMALL_BLOCK_ROWS = 512;

/** The units of a table's blocks, in order of arrival, as far as their ordinals are whole. */
export function unitsOf(refs: readonly BlockRef[], rules: Pick<PackRules, 'wholeBelow'>): Unit[] {
  const groups: BlockRef[][] = [];
  for (const ref of refs) {
    if (ref.ordinalLast >= rules.wholeBelow) continue;
    const last = groups.at(-1);
    if (last !== undefined && last[0]!.ordinalFirst === ref.ordinalFirst) last.push(ref);
    else groups.push([ref]);
  }
  return groups.map(unitOf);
}

function unitOf(refs: readonly BlockRef[]): Unit {
  const first = refs[0]!;
  let { minTs, maxTs } = first;
  for (const ref of refs) {
    if (ref.minTs < minTs) minTs = ref.minTs;
    if (ref.maxTs > maxTs) maxTs = ref.maxTs;
  }
  const rows = refs.reduce((sum, ref) => sum + ref.rows, 0);
  return {
    refs,
    rows,
    largest: first.packed ? rows : Math.max(...refs.map((ref) => ref.rows)),
    pieces: first.packed ? 1 : refs.length,
    minTs,
    maxTs,
    ordinalFirst: first.ordinalFirst,
    ordinalLast: first.ordinalLast,
    bytes: refs.reduce((sum, ref) => sum + ref.length, 0),
    packed: first.packed,
  };
}

/** Which runs of a table's blocks to pack in one task: each run is to become segments of its own. */
export function planPack(refs: readonly BlockRef[], rules: PackRules): BlockRef[][] {
  const units = unitsOf(refs, rules);
  const chosen: BlockRef[][] = [];
  let blocks = 0;
  let bytes = 0;
  for (const run of runsOf(units, rules)) {
    // A unit by itself that is mostly expired is cut, whatever its rows: each cut takes half of it away.
    const kept = rules.thorough || run.length === 1 ? run : doubling(run);
    if (kept.length === 0 || !(rules.thorough ? isUnpacked(kept, rules) : isWorth(kept, rules))) continue;
    const group = kept.flatMap((unit) => unit.refs);
    const groupBytes = kept.reduce((sum, unit) => sum + unit.bytes, 0);
    const fits = blocks + group.length <= rules.maxSegmentsPerPack && bytes + groupBytes <= rules.taskBytes;
    if (chosen.length > 0 && !fits) break;
    chosen.push(group);
    blocks += group.length;
    bytes += groupBytes;
  }
  return chosen;
}

/** Neighbours in runs of about a segment each, longer where their times overlap. */
function runsOf(units: readonly Unit[], rules: PackRules): Unit[][] {
  const { targetSegmentPoints: target, maxSegmentsPerPack, gapsBelow } = rules;
  const runs: Unit[][] = [];
  let run: Unit[] = [];
  let rows = 0;
  let blocks = 0;
  let bytes = 0;
  let maxTs = 0n;
  const end = (): void => {
    if (run.length > 0) runs.push(run);
    run = [];
    rows = 0;
    blocks = 0;
    bytes = 0;
  };
  for (const unit of units) {
    const last = run.at(-1);
    if (unit.refs.some((ref) => rules.avoid.has(ref.offset))) {
      end();
      continue;
    }
    if (last !== undefined) {
      const isGap = unit.ordinalFirst > last.ordinalLast + 1 && unit.ordinalFirst > gapsBelow;
      const tooMuch = blocks + unit.refs.length > maxSegmentsPerPack || bytes + unit.bytes > rules.taskBytes;
      // Rounded to whole segments later, so a run may be a little longer than one, or shorter.
      const full = rows >= target || (rows * 4 >= target * 3 && (rows + unit.rows) * 4 > target * 5);
      if (isGap || tooMuch || (full && !overlaps(unit, maxTs))) end();
    }
    if (run.length === 0 || unit.maxTs > maxTs) maxTs = unit.maxTs;
    run.push(unit);
    rows += unit.rows;
    blocks += unit.refs.length;
    bytes += unit.bytes;
  }
  end();
  return runs;
}

function overlaps(unit: Unit, maxTs: bigint): boolean {
  if (unit.minTs >= maxTs) return false;
  if (!unit.packed) return true;
  const end = unit.maxTs < maxTs ? unit.maxTs : maxTs;
  return (end - unit.minTs) * OVERLAP_SHARE >= unit.maxTs - unit.minTs;
}

/** Leaves out the first units until none has more than half the rows: each row then moves into twice as many. */
function doubling(run: readonly Unit[]): Unit[] {
  let rows = run.reduce((sum, unit) => sum + unit.rows, 0);
  let from = 0;
  for (let i = 0; i < run.length; i++) {
    const most = Math.max(...run.slice(from).map((unit) => unit.largest));
    if (most * 2 <= rows) break;
    rows -= run[from]!.rows;
    from++;
  }
  return run.slice(from);
}

function isWorth(run: readonly Unit[], rules: PackRules): boolean {
  const pieces = run.reduce((sum, unit) => sum + unit.pieces, 0);
  if (pieces === 1) return expiredShare(run[0]!, rules.cutoff) >= 0.5;
  const rows = run.reduce((sum, unit) => sum + unit.rows, 0);
  return rows * 4 >= rules.targetSegmentPoints * 3 || pieces >= MANY_PIECES;
}

function isUnpacked(run: readonly Unit[], { cutoff, targetSegmentPoints, settled }: PackRules): boolean {
  if (run.length > 1) return true;
  const unit = run[0]!;
  if (unit.refs.every((ref) => settled.has(ref.offset))) return false;
  if (!unit.packed || unit.minTs < cutoff) return true;
  const wanted = Math.max(1, Math.round(unit.rows / targetSegmentPoints));
  return wanted * 2 <= unit.refs.length || unit.refs.length * 2 <= wanted;
}

/** About which share of a unit's rows lies before the cutoff, were they evenly spread. */
function expiredShare({ minTs, maxTs }: Unit, cutoff: bigint): number {
  if (minTs >= cutoff) return 0;
  if (maxTs < cutoff) return 1;
  return Number(cutoff - minTs) / Math.max(1, Number(maxTs - minTs));
}
