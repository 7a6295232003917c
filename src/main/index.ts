export type {
  AutoMaintenanceOptions,
  MaintenanceStats,
  ThrottleState,
} from '../shared/control/maintenance.ts';
export { type ErrorCode, MillraceError } from '../shared/errors.ts';
export type { ColumnType, TimeUnit } from '../shared/schema/types.ts';
export type {
  Aggregate,
  AggregateColumns,
  AggregateOptions,
  AnyBuckets,
  Buckets,
  Duration,
  TablesAggregateOptions,
} from './aggregate-types.ts';
export type {
  Batch,
  ColumnSpec,
  ColumnsOf,
  DatabaseStats,
  Diagnosis,
  LastRow,
  OpenOptions,
  Predicate,
  QueryOptions,
  ReadCounters,
  RecoveryReport,
  Rows,
  RowValues,
  ScanOptions,
  TableInfo,
  TableStats,
  WriterStats,
} from './api-types.ts';
export { NanoTsDbShared } from './database.ts';
export { Table, type TimeSpan } from './table.ts';
