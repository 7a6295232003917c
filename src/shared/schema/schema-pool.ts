import { type SchemaVersion, type TableDefinition, UNIT_CODE, UNIT_OF_CODE } from './types.ts';

/**
 * Lets tables of one schema share it: thousands of them often have the same columns, and each thread that knows a table
 * would keep a copy. What is kept by columns (`main/append/table-shape.ts`) is then there once as well.
 */
export class SchemaPool {
  /** By hash; of two schemas with one hash the one seen last. */
  private readonly known = new Map<number, readonly SchemaVersion[]>();

  /** The definition, or one that says the same with a schema that other tables have as well. */
  share(definition: TableDefinition): TableDefinition {
    const { id, name, versions } = definition;
    const hash = hashOf(versions);
    const known = this.known.get(hash);
    if (known === versions) return definition;
    if (known !== undefined && areSame(known, versions)) {
      // A string that came in a message is another one each time.
      return { id, name, unit: UNIT_OF_CODE[UNIT_CODE[definition.unit]]!, versions: known };
    }
    this.known.set(hash, versions);
    return definition;
  }
}

function hashOf(versions: readonly SchemaVersion[]): number {
  let hash = versions.length;
  // The newest version has the columns of all others.
  for (const { id, name, type } of versions.at(-1)!.columns) {
    hash = (Math.imul(hash, 31) + id + type.length) | 0;
    for (let i = 0; i < name.length; i++) hash = (Math.imul(hash, 31) + name.charCodeAt(i)) | 0;
  }
  return hash;
}

function areSame(a: readonly SchemaVersion[], b: readonly SchemaVersion[]): boolean {
  return (
    a.length === b.length &&
    a.every(({ version, columns }, i) => {
      const other = b[i]!;
      return (
        version === other.version &&
        columns.length === other.columns.length &&
        columns.every(({ id, name, type }, k) => {
          const column = other.columns[k]!;
          return id === column.id && name === column.name && type === column.type;
        })
      );
    })
  );
}
