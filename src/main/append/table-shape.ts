import { chunkLayout, maxCapacity } from '../../shared/chunk/layout.ts';
import { type Column, isVariable, type TableDefinition, type TimeUnit } from '../../shared/schema/types.ts';

/** How a column's values are stored, as small integers for the row loop. */
export const F64 = 0;
export const F32 = 1;
export const I64 = 2;
export const I32 = 3;
export const BOOL = 4;
export const UTF8 = 5;
export const BYTES = 6;
const STORE: Readonly<Record<Column['type'], number>> = {
  f64: F64,
  f32: F32,
  i64: I64,
  i32: I32,
  bool: BOOL,
  utf8: UTF8,
  bytes: BYTES,
};
/** Bytes of the elements that places count in, by kind of store; variable kinds count [offset, length] pairs. */
export const SCALE: readonly number[] = [8, 4, 8, 4, 1, 8, 8];

/** Where the columns lie in a chunk of one capacity, from the start of its data. */
export interface ShapeLayout {
  /** Of each column's values, in elements. */
  readonly valuesAt: Int32Array;
  /** Of each column's validity bitmap, in bytes. */
  readonly validityAt: Int32Array;
  /** Of the arena, in bytes. */
  readonly arena: number;
  /** Elements from one column's values to the next one's, if all are f64. */
  readonly stride: number;
}

/** What appends must know of a table's columns: the same for all tables that share them. */
export class TableShape {
  readonly columns: readonly Column[];
  readonly kinds: readonly Column['type'][];
  readonly stores: Int32Array;
  /** Which columns have values in the arena, and how many they are. */
  readonly variableAt: readonly number[];
  readonly variable: number;
  readonly isMs: boolean;
  /** Largest capacity of a chunk. */
  readonly largest: number;
  /** Whether the timestamps are ms and every column is f64. */
  readonly isDoubles: boolean;
  /** By the binary logarithm of the capacity. */
  private readonly layouts: (ShapeLayout | undefined)[] = [];

  constructor(columns: readonly Column[], unit: TimeUnit) {
    this.columns = columns;
    this.kinds = columns.map((column) => column.type);
    this.stores = Int32Array.from(this.kinds, (kind) => STORE[kind]);
    this.variableAt = this.kinds.flatMap((kind, i) => (isVariable(kind) ? [i] : []));
    this.variable = this.variableAt.length;
    this.isMs = unit === 'ms';
    this.largest = maxCapacity(this.kinds);
    this.isDoubles = this.isMs && this.kinds.every((kind) => kind === 'f64');
  }

  /** @param capacity a power of two */
  layout(capacity: number): ShapeLayout {
    const log = 31 - Math.clz32(capacity);
    this.layouts[log] ??= this.newLayout(capacity);
    return this.layouts[log];
  }

  private newLayout(capacity: number): ShapeLayout {
    const { columns, arena } = chunkLayout(this.kinds, capacity, 0);
    const valuesAt = Int32Array.from(columns, ({ values }, i) => values / SCALE[this.stores[i]!]!);
    const validityAt = Int32Array.from(columns, ({ validity }) => validity);
    return { valuesAt, validityAt, arena, stride: valuesAt[0]! };
  }
}

const shapes = new WeakMap<readonly Column[], Map<TimeUnit, TableShape>>();

/** The shape of a table's current version. Tables whose definitions share their columns have one. */
export function shapeOf({ unit, versions }: TableDefinition): TableShape {
  const { columns } = versions.at(-1)!;
  let ofUnits = shapes.get(columns);
  if (ofUnits === undefined) shapes.set(columns, (ofUnits = new Map()));
  let shape = ofUnits.get(unit);
  if (shape === undefined) ofUnits.set(unit, (shape = new TableShape(columns, unit)));
  return shape;
}
