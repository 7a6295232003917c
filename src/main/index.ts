export type { Latency } from '../shared/control/latency.ts';
export type {
  AutoMaintenanceOptions,
  MaintenanceEvent,
  MaintenanceNotice,
  MaintenanceStats,
  ThrottleState,
} from '../shared/control/maintenance.ts';
export type { DatabaseTicket } from '../shared/control/ticket.ts';
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
  Answer,
  Batch,
  CacheCounters,
  CodecUse,
  ColumnSpec,
  ColumnStorage,
  ColumnsOf,
  DatabaseLatency,
  DatabaseStats,
  Diagnosis,
  LastRow,
  OpenOptions,
  Predicate,
  QueryOptions,
  ReadCounters,
  RecoveryReport,
  RowAppender,
  Rows,
  RowValues,
  ScanOptions,
  TableInfo,
  TableStats,
  WriterDeath,
  WriterStats,
} from './api-types.ts';
export { connect } from './connect.ts';
export { NanoTsDbShared } from './database.ts';
export type {
  SqlBatches,
  SqlColumns,
  SqlFormat,
  SqlOptions,
  SqlParameter,
  SqlParameters,
  SqlResults,
  SqlRow,
} from './sql/sql-types.ts';
export { Table, type TimeSpan } from './table.ts';
