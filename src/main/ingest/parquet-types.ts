import type { FileMetaData, SchemaElement } from 'hyparquet';
import type { ColumnType, TimeUnit } from '../../shared/schema/types.ts';
import type { TypedColumn, UnfitColumn } from './typed-columns.ts';

/** How the values of a Parquet column become those of a table's column. */
export type ParquetKind =
  | { readonly kind: 'number' } // INT32, FLOAT, DOUBLE, FLOAT16
  | { readonly kind: 'decimal'; readonly scale: number } // an integer over a power of ten
  | { readonly kind: 'bigint' } // INT64 and unsigned ones
  | { readonly kind: 'bool' }
  | { readonly kind: 'text' }
  | { readonly kind: 'bytes' }
  | { readonly kind: 'days' } // DATE: days since 1970
  | { readonly kind: 'timestamp'; readonly unit: TimeUnit; readonly isLocal: boolean };

const TIMESTAMP_UNITS = { MILLIS: 'ms', MICROS: 'us', NANOS: 'ns' } as const;

/** The columns of a file, in its order. Nested ones and other unfit ones are named with the reason. */
export function parquetColumns(metadata: Pick<FileMetaData, 'schema'>): (TypedColumn | UnfitColumn)[] {
  const { schema } = metadata;
  const columns: (TypedColumn | UnfitColumn)[] = [];
  // The schema is a tree in preorder: the root, then each column with all that is below it.
  let at = 1;
  for (let i = 0; i < (schema[0]?.num_children ?? 0); i++) {
    const element = schema[at]!;
    columns.push(toColumn(element));
    at = skipSubtree(schema, at);
  }
  return columns;
}

function skipSubtree(schema: readonly SchemaElement[], at: number): number {
  let next = at + 1;
  for (let i = 0; i < (schema[at]?.num_children ?? 0); i++) next = skipSubtree(schema, next);
  return next;
}

function toColumn(element: SchemaElement): TypedColumn | UnfitColumn {
  const { name } = element;
  if (element.num_children !== undefined && element.num_children > 0) return { name, unfit: 'is nested' };
  if (element.repetition_type === 'REPEATED') return { name, unfit: 'is a list' };
  return { name, ...(logicalKind(element) ?? physicalKind(element)) };
}

type Fit = { kind: ParquetKind; type: ColumnType } | { unfit: string };

/** What the annotations say, the old ones (converted types) and the new ones (logical types). */
function logicalKind({ converted_type, logical_type, type, scale }: SchemaElement): Fit | undefined {
  switch (logical_type?.type) {
    case 'STRING':
    case 'ENUM':
    case 'JSON':
    case 'UUID':
      return { kind: { kind: 'text' }, type: 'utf8' };
    case 'DATE':
      return { kind: { kind: 'days' }, type: 'i64' };
    case 'TIMESTAMP': {
      const unit = TIMESTAMP_UNITS[logical_type.unit];
      return { kind: { kind: 'timestamp', unit, isLocal: !logical_type.isAdjustedToUTC }, type: 'i64' };
    }
    case 'FLOAT16':
      return { kind: { kind: 'number' }, type: 'f32' };
    case 'INTEGER':
      if (type === 'INT32' && logical_type.bitWidth === 32 && !logical_type.isSigned) {
        return { kind: { kind: 'number' }, type: 'i64' };
      }
      break;
    case 'VARIANT':
      return { unfit: 'is a VARIANT' };
  }
  if (logical_type?.type === 'DECIMAL' && converted_type !== 'DECIMAL') {
    return { unfit: 'is a DECIMAL of a kind that hyparquet does not decode' };
  }
  switch (converted_type) {
    case 'UTF8':
    case 'ENUM':
    case 'JSON':
      return { kind: { kind: 'text' }, type: 'utf8' };
    case 'DATE':
      return { kind: { kind: 'days' }, type: 'i64' };
    case 'TIMESTAMP_MILLIS':
      return { kind: { kind: 'timestamp', unit: 'ms', isLocal: false }, type: 'i64' };
    case 'TIMESTAMP_MICROS':
      return { kind: { kind: 'timestamp', unit: 'us', isLocal: false }, type: 'i64' };
    case 'DECIMAL':
      return { kind: { kind: 'decimal', scale: scale ?? 0 }, type: 'f64' };
    case 'UINT_32':
      return { kind: { kind: 'number' }, type: 'i64' };
    case 'BSON':
    case 'INTERVAL':
      return { unfit: `is of the type ${converted_type}` };
  }
  return undefined;
}

function physicalKind({ type }: SchemaElement): Fit {
  switch (type) {
    case 'BOOLEAN':
      return { kind: { kind: 'bool' }, type: 'bool' };
    case 'INT32':
      return { kind: { kind: 'number' }, type: 'i32' };
    case 'INT64':
      return { kind: { kind: 'bigint' }, type: 'i64' };
    case 'INT96': // only ever used for timestamps: nanoseconds, UTC
      return { kind: { kind: 'timestamp', unit: 'ns', isLocal: false }, type: 'i64' };
    case 'FLOAT':
      return { kind: { kind: 'number' }, type: 'f32' };
    case 'DOUBLE':
      return { kind: { kind: 'number' }, type: 'f64' };
    case 'BYTE_ARRAY':
    case 'FIXED_LEN_BYTE_ARRAY':
      return { kind: { kind: 'bytes' }, type: 'bytes' };
    default:
      return { unfit: `is of the unknown type ${String(type)}` };
  }
}
