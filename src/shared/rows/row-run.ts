import type { ColumnSource } from '../codec/column-data.ts';
import { isPresent } from '../format/piece.ts';
import { isVariable } from '../schema/types.ts';

/** Rows in memory of one ordinal, index after index: a piece of the log, or a copy of a live chunk's rows. */
export interface RowRun {
  readonly ordinal: number;
  readonly indexFirst: number;
  readonly rows: number;
  readonly schemaVersion: number;
  /** `ts` first, then the schema version's columns; row 0 of each is row `indexFirst` of the ordinal. */
  readonly sources: readonly ColumnSource[];
}

/** Rows `from` … `from + rows − 1` of a run, as a run that owns its memory. */
export function copyRun(run: RowRun, from: number, rows: number): RowRun {
  return {
    ...run,
    indexFirst: run.indexFirst + from,
    rows,
    sources: run.sources.map((source) => joinSources([{ source, from, rows }], rows)),
  };
}

/** Joins runs of one ordinal that follow one another without a gap. All have the same schema version. */
export function joinRuns(runs: readonly RowRun[]): RowRun {
  const first = runs[0]!;
  if (runs.length === 1) return first;
  const rows = runs.reduce((sum, run) => sum + run.rows, 0);
  const sources = first.sources.map((_, column) =>
    joinSources(
      runs.map((run) => ({ source: run.sources[column]!, from: 0, rows: run.rows })),
      rows,
    ),
  );
  return { ...first, rows, sources };
}

interface Part {
  readonly source: ColumnSource;
  readonly from: number;
  readonly rows: number;
}

function joinSources(parts: readonly Part[], rows: number): ColumnSource {
  const { kind, isTime } = parts[0]!.source;
  const validity = joinValidity(parts, rows);
  if (isVariable(kind)) return { kind, isTime, validity, ...joinVariable(parts, rows) };
  const like = parts[0]!.source.values;
  const values = new (like.constructor as new (length: number) => Float64Array)(rows);
  let at = 0;
  for (const part of parts) {
    // Copied as bytes of one type to the same type, so NaN payloads stay as they are.
    values.set((part.source.values as Float64Array).subarray(part.from, part.from + part.rows), at);
    at += part.rows;
  }
  return { kind, isTime, values, validity, arena: undefined };
}

function joinVariable(parts: readonly Part[], rows: number): { values: Uint32Array; arena: Uint8Array } {
  const refs = new Uint32Array(2 * rows);
  let total = 0;
  let row = 0;
  for (const { source, from, rows: count } of parts) {
    for (let i = from; i < from + count; i++, row++) {
      refs[2 * row] = total;
      refs[2 * row + 1] = isPresent(source.validity, i) ? (source.values[2 * i + 1] as number) : 0;
      total += refs[2 * row + 1]!;
    }
  }
  const arena = new Uint8Array(total);
  row = 0;
  for (const { source, from, rows: count } of parts) {
    for (let i = from; i < from + count; i++, row++) {
      const at = source.values[2 * i] as number;
      const length = refs[2 * row + 1]!;
      if (length > 0) arena.set(source.arena!.subarray(at, at + length), refs[2 * row]!);
    }
  }
  return { values: refs, arena };
}

function joinValidity(parts: readonly Part[], rows: number): Uint8Array | undefined {
  if (parts.every((part) => part.source.validity === undefined)) return undefined;
  const validity = new Uint8Array(Math.ceil(rows / 8));
  let row = 0;
  for (const { source, from, rows: count } of parts) {
    for (let i = from; i < from + count; i++, row++) {
      if (isPresent(source.validity, i)) validity[row >> 3]! |= 1 << (row & 7);
    }
  }
  return validity;
}
