import { BlockInputs } from '../../shared/aggregate/block-input.ts';
import {
  type AggregateInput,
  type AggregatePlan,
  BucketAggregator,
  msOf,
  type VectorSource,
} from '../../shared/aggregate/bucket-aggregator.ts';
import { countPresent } from '../../shared/aggregate/kernels.ts';
import type { DecodedColumn } from '../../shared/codec/column-data.ts';
import { MillraceError } from '../../shared/errors.ts';
import { compareRefs } from '../../shared/format/block-ref.ts';
import type { BlockSource } from '../../shared/read/block-cache.ts';
import type { Buckets } from '../aggregate-types.ts';
import type { CheckedAggregate } from './aggregate-options.ts';
import { emptyBuckets, toBuckets } from './buckets.ts';
import { type Part, runPart } from './part.ts';
import { bytesOf } from './query.ts';
import type { TableSnapshot } from './snapshot.ts';
import type { TableReader } from './table-reader.ts';
import { checkAborted, Turns } from './turns.ts';

/** Times further apart, or further from 1970, than this many ms cannot be told apart as float64. */
const MAX_MS = 2 ** 52;

/**
 * Runs an aggregation to its end.
 * @throws ABORTED, DAMAGED, CLOSED, INVALID_OPTION if there would be too many buckets
 */
export async function runAggregate(
  reader: TableReader,
  snapshot: TableSnapshot,
  query: CheckedAggregate,
): Promise<Buckets> {
  const { cache, checkReadable } = reader;
  try {
    const plan = visiblePlan(query.plan, snapshot.cutoff);
    const inputs = inputsOf(cache.forRead(bytesOf(snapshot)), snapshot, plan);
    const span = spanOf(inputs, plan);
    if (span === undefined) return emptyBuckets(query);
    const { grid, perMs } = plan;
    const rows = inputs.reduce((sum, input) => sum + input.rows, 0);
    const first = grid.numberOf(checkMs(span.from, perMs));
    const last = grid.numberOf(checkMs(span.to, perMs));
    if (msOf(span.to, perMs) - msOf(span.from, perMs) >= MAX_MS) throw tooFar();
    const aggregator = new BucketAggregator(plan, first, last, rows);
    const turns = new Turns(query.signal);
    for (const input of inputs) {
      aggregator.add(input);
      if (turns.isDue) {
        await turns.take();
        checkReadable();
      }
      checkAborted(query.signal);
    }
    return toBuckets(query, aggregator);
  } finally {
    snapshot.release();
  }
}

/** Leaves out what retention hides. */
function visiblePlan(plan: AggregatePlan, cutoff: bigint): AggregatePlan {
  const from = plan.timeKind === 'f64' ? Number(cutoff) : cutoff;
  return from > plan.from ? { ...plan, from } : plan;
}

/** What a snapshot has in the range, in order of arrival. */
function inputsOf(source: BlockSource, snapshot: TableSnapshot, plan: AggregatePlan): AggregateInput[] {
  const { definition } = snapshot;
  const blocks = new BlockInputs(source, definition);
  const named = snapshot.blocks.map((ref) => ({
    ordinalFirst: ref.ordinalFirst,
    indexFirst: ref.indexFirst,
    input: blocks.of(ref),
  }));
  for (const run of snapshot.runs) {
    const { ordinal: ordinalFirst, indexFirst } = run;
    named.push({ ordinalFirst, indexFirst, input: partInput(runPart(definition, run)) });
  }
  return named
    .sort(compareRefs)
    .map(({ input }) => input)
    .filter(({ minTs, maxTs }) => maxTs >= plan.from && minTs <= plan.to);
}

function partInput(part: Part): AggregateInput {
  return {
    rows: part.rows,
    minTs: part.minTs,
    maxTs: part.maxTs,
    sorted: part.sorted,
    vectorRows: part.rows,
    time: () => decodedSource({ values: part.time(), validity: undefined }, part.rows),
    column: (column) => {
      const decoded = part.column(column);
      return decoded && decodedSource(decoded, part.rows);
    },
  };
}

function decodedSource(decoded: DecodedColumn, rows: number): VectorSource {
  return {
    present: () => (decoded.validity === undefined ? rows : countPresent(decoded.validity, 0, rows)),
    decode: () => decoded,
    statistics: () => undefined,
  };
}

/** The first and last time that a row in the range can have. */
function spanOf(
  inputs: readonly AggregateInput[],
  plan: AggregatePlan,
): { from: bigint; to: bigint } | undefined {
  if (inputs.length === 0 || plan.from > plan.to) return undefined;
  let from = inputs[0]!.minTs;
  let to = inputs[0]!.maxTs;
  for (const { minTs, maxTs } of inputs) {
    if (minTs < from) from = minTs;
    if (maxTs > to) to = maxTs;
  }
  return {
    from: from < plan.from ? BigInt(plan.from) : from,
    to: to > plan.to ? BigInt(plan.to) : to,
  };
}

function checkMs(ts: bigint, perMs: number): number {
  const ms = msOf(ts, perMs);
  // Up to here, and a step more, ms are exact.
  if (Math.abs(ms) > Number.MAX_SAFE_INTEGER) throw tooFar();
  return ms;
}

function tooFar(): MillraceError {
  return new MillraceError(
    'INVALID_OPTION',
    'the timestamps are over 140,000 years apart, or over 285,000 years from 1970, too far for buckets; give from and to',
  );
}
