import type { DatabaseTicket } from '../shared/control/ticket.ts';
import type { TableDefinition } from '../shared/schema/types.ts';
import type { DatabaseStats } from './api-types.ts';
import type { TableCore, TableHost } from './table-core.ts';

/** What a database knows without looking at its tables. */
export type EngineStats = Omit<DatabaseStats, 'tables' | 'rows' | 'read' | 'cache'>;

/** What reading and writing databases have in common: the tables. */
export interface DatabaseCore extends TableHost {
  readonly path: string;
  definitions(): readonly TableDefinition[];
  find(name: string): TableDefinition | undefined;
  core(definition: TableDefinition): TableCore;
  stats(): Promise<EngineStats>;
  createTable(name: string, specs: unknown, unit: unknown): TableDefinition;
  ticket(): DatabaseTicket;
  sync(): Promise<void>;
  flush(): Promise<void>;
  packTable(definition: TableDefinition, target: number | undefined): Promise<void>;
  compactRetentionNow(cutoffMs: number | undefined): Promise<void>;
  setRetention(definition: TableDefinition | undefined, retentionMs: number): Promise<void>;
  drained(): Promise<void>;
  close(): Promise<void>;
}
