import type { BlockRef } from '../../shared/format/block-ref.ts';
import { SMALL_BLOCK_ROWS } from '../maintenance/plan-pack.ts';

/** What of a table's blocks maintenance has yet to see to, in bytes. */
export interface TableDebt {
  readonly small: number;
  readonly overlapping: number;
  readonly expired: number;
  readonly packed: number;
  readonly live: number;
}

export const NO_DEBT: TableDebt = { small: 0, overlapping: 0, expired: 0, packed: 0, live: 0 };

/** @param refs in order of arrival */
export function debtOf(refs: readonly BlockRef[], cutoff: bigint): TableDebt {
  let [small, overlapping, expired, packed, live] = [0, 0, 0, 0, 0];
  let before: BlockRef | undefined;
  for (const ref of refs) {
    live += ref.length;
    if (ref.packed) packed += ref.length;
    else if (ref.rows < SMALL_BLOCK_ROWS) small += ref.length;
    // Against its neighbour only: what a query has to sort is mostly a matter of producers that take turns.
    else if (!ref.sorted || (before !== undefined && ref.minTs < before.maxTs)) overlapping += ref.length;
    if (ref.maxTs < cutoff) expired += ref.length;
    else if (ref.minTs < cutoff) {
      const share = Number(cutoff - ref.minTs) / Math.max(1, Number(ref.maxTs - ref.minTs));
      expired += Math.floor(ref.length * share);
    }
    before = ref;
  }
  return { small, overlapping, expired, packed, live };
}

export function sumDebts(debts: Iterable<TableDebt>): TableDebt {
  let [small, overlapping, expired, packed, live] = [0, 0, 0, 0, 0];
  for (const debt of debts) {
    small += debt.small;
    overlapping += debt.overlapping;
    expired += debt.expired;
    packed += debt.packed;
    live += debt.live;
  }
  return { small, overlapping, expired, packed, live };
}
