import { MAX_VALUE_BYTES } from '../../shared/schema/limits.ts';
import type { TableDefinition } from '../../shared/schema/types.ts';
import { badTime, rowTooLarge, tooLarge, wrongType } from './refusals.ts';
import { BOOL, F32, F64, I32, I64, type TableShape, UTF8 } from './table-shape.ts';
import { utf8Bytes } from './utf8.ts';

/** Checks a timestamp without storing it. @throws INVALID_TIMESTAMP */
export function checkTime(definition: TableDefinition, isMs: boolean, ts: unknown): void {
  if (isMs) {
    const safe =
      typeof ts === 'bigint'
        ? ts <= BigInt(Number.MAX_SAFE_INTEGER) && ts >= BigInt(Number.MIN_SAFE_INTEGER)
        : Number.isSafeInteger(ts);
    if (!safe) throw badTime(definition, ts);
  } else if (typeof ts !== 'bigint' || BigInt.asIntN(64, ts) !== ts) throw badTime(definition, ts);
}

/**
 * Checks one value of a column without storing it.
 * @returns the bytes that it takes in the arena
 * @throws WRONG_TYPE, LONE_SURROGATE, VALUE_TOO_LARGE
 */
export function checkValue(
  definition: TableDefinition,
  shape: TableShape,
  i: number,
  value: unknown,
): number {
  if (value === null) return 0;
  const column = shape.columns[i]!;
  switch (shape.stores[i]) {
    case F64:
    case F32:
      if (typeof value === 'number') return 0;
      break;
    case I64:
      if (typeof value === 'bigint' ? BigInt.asIntN(64, value) === value : Number.isSafeInteger(value))
        return 0;
      break;
    case I32:
      if (typeof value === 'number' && (value | 0) === value) return 0;
      break;
    case BOOL:
      if (typeof value === 'boolean' || value === 0 || value === 1) return 0;
      break;
    case UTF8:
      if (typeof value === 'string') return utf8Bytes(value, column.name);
      break;
    default:
      if (!(value instanceof Uint8Array)) break;
      if (value.length > MAX_VALUE_BYTES) throw tooLarge(value.length, column.name);
      return value.length;
  }
  throw wrongType(definition.name, column, value);
}

/** @throws ROW_TOO_LARGE */
export function checkRowBytes(definition: TableDefinition, bytes: number, limit: number): void {
  if (bytes > limit) throw rowTooLarge(definition.name, bytes, limit);
}
