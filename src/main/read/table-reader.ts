import type { BlockCache } from '../../shared/read/block-cache.ts';
import type { TableDefinition } from '../../shared/schema/types.ts';
import type { CountedStorage } from '../../shared/storage/counted-storage.ts';
import type { ScanPool } from './scan-pool.ts';

/** What reading a table needs of the database that it belongs to. */
export interface TableReader {
  readonly storage: CountedStorage;
  /** Blocks of the file, those kept in memory included. */
  readonly cache: BlockCache;
  readonly definition: TableDefinition;
  /** Workers for large scans; undefined where other threads cannot open the file. */
  readonly pool: ScanPool | undefined;
  /** Values from which on a scan is large. */
  readonly parallelFrom: number;
  /** Throws if the database was closed meanwhile. */
  readonly checkReadable: () => void;
}
