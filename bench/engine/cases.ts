import { availableParallelism } from 'node:os';
import type { EngineWork } from './contract.ts';

/** A way of appending W's rows, and where it stands among others that differ in one thing. */
export interface Case {
  /** Part of the figures' ids. */
  readonly id: string;
  readonly title: string;
  readonly work: EngineWork;
}

/** Cases that differ in one thing. */
export interface Axis {
  readonly id: string;
  readonly title: string;
  readonly cases: readonly Case[];
}

const USUAL: EngineWork = {
  tables: 8,
  rowsPerTable: 250_000,
  passes: 1,
  batchRows: 10_000,
  writers: Math.max(1, availableParallelism() - 1),
  producers: 1,
  durability: 'interval',
};
const ROW_BYTES = 40;

/** What is measured of the engine alone. Quick runs have a tenth of the rows. */
export function axes(isQuick: boolean, isFull: boolean): Axis[] {
  const rows = isQuick ? 200_000 : 2_000_000;
  const of = (id: string, title: string, change: Partial<EngineWork>, total = rows): Case => {
    const work = { ...USUAL, ...change };
    const rowsPerTable = Math.floor(total / work.tables / work.passes);
    return { id, title, work: { ...work, rowsPerTable } };
  };
  const sizes = [1, 10, 100, ...(isQuick ? [] : [1000]), ...(isFull ? [4000] : [])];
  return [
    {
      id: 'batch',
      title: 'rows a call (8 tables)',
      cases: [1, 16, 256, 1024, 10_000, 65_536].map((batchRows) =>
        of(`${batchRows}`, batchRows === 1 ? 'rowAppender' : `${batchRows} rows`, { batchRows }),
      ),
    },
    {
      id: 'tables',
      title: 'tables (in batches of 1,000 rows)',
      cases: [1, 8, 100, 1000].map((tables) =>
        of(`${tables}`, `${tables} tables`, { tables, batchRows: 1000 }),
      ),
    },
    {
      id: 'threads',
      title: 'producers and writers',
      cases: [
        [1, 1],
        [1, 2],
        [2, 1],
        [2, 2],
        [4, 2],
      ].map(([producers, writers]) =>
        of(`${producers}-${writers}`, `${producers} producers, ${writers} writers`, {
          producers: producers!,
          writers: writers!,
        }),
      ),
    },
    {
      id: 'durability',
      title: 'durability (in batches of 1,000 rows)',
      cases: [
        of('none', 'none', { durability: 'none', batchRows: 1000 }),
        of('interval', 'interval (10 ms)', { batchRows: 1000 }),
        of('always', 'always', { durability: 'always', batchRows: 1000 }, isQuick ? 50_000 : 400_000),
      ],
    },
    {
      id: 'size',
      title: 'raw bytes',
      cases: sizes.map((megabytes) => {
        const total = (megabytes * 1e6) / ROW_BYTES;
        const passes = Math.max(1, Math.ceil(total / 2_500_000));
        return of(`${megabytes}`, `${megabytes} MB`, { passes }, total);
      }),
    },
  ];
}
