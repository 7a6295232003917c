/** The types a column can have. */
export type ColumnType = 'f64' | 'f32' | 'i64' | 'i32' | 'bool' | 'utf8' | 'bytes';

/** The unit of a table's timestamps. `ms` tables speak numbers, `us` and `ns` tables bigints. */
export type TimeUnit = 'ms' | 'us' | 'ns';

/** How a type is written in the file (docs/format.md, 3.2). 0 stands for `ts` itself. */
export const TYPE_CODE = {
  f64: 1,
  f32: 2,
  i64: 3,
  i32: 4,
  bool: 5,
  utf8: 6,
  bytes: 7,
} as const satisfies Record<ColumnType, number>;
export const TS_CODE = 0;
export const TYPE_OF_CODE: readonly (ColumnType | undefined)[] = [
  undefined,
  'f64',
  'f32',
  'i64',
  'i32',
  'bool',
  'utf8',
  'bytes',
];
export const COLUMN_TYPES = Object.keys(TYPE_CODE) as ColumnType[];

export const UNIT_CODE = { ms: 0, us: 1, ns: 2 } as const satisfies Record<TimeUnit, number>;
export const UNIT_OF_CODE: readonly TimeUnit[] = ['ms', 'us', 'ns'];

/** Column as the engine knows it. `id` never changes and is never used again. */
export interface Column {
  readonly id: number;
  readonly name: string;
  readonly type: ColumnType;
}

/** One version of a table's columns; versions count from 1. */
export interface SchemaVersion {
  readonly version: number;
  readonly columns: readonly Column[];
}

/** All that is known of a table apart from its rows. Versions are oldest first; the last one is the current one. */
export interface TableDefinition {
  readonly id: number;
  readonly name: string;
  readonly unit: TimeUnit;
  readonly versions: readonly SchemaVersion[];
}

/** The current columns of a table. */
export function currentColumns(definition: TableDefinition): readonly Column[] {
  return definition.versions[definition.versions.length - 1]!.columns;
}

/** The newest version of a table that has exactly these columns, in this order. */
export function versionWith(
  definition: TableDefinition,
  columns: readonly { readonly name: string; readonly type: ColumnType }[],
): SchemaVersion | undefined {
  return definition.versions.findLast(
    (version) =>
      version.columns.length === columns.length &&
      version.columns.every(({ name, type }, i) => name === columns[i]!.name && type === columns[i]!.type),
  );
}

/** A table as it was at one of its versions. */
export function asOfVersion(definition: TableDefinition, version: number): TableDefinition {
  if (version === definition.versions.length) return definition;
  return { ...definition, versions: definition.versions.slice(0, version) };
}

/** Whether values of this type have no fixed width and live in a chunk's arena. */
export function isVariable(type: ColumnType): boolean {
  return type === 'utf8' || type === 'bytes';
}
