import type { NewTable } from '../../shared/control/api.ts';
import { MillraceError } from '../../shared/errors.ts';
import { NO_PAGE } from '../../shared/format/page.ts';
import type { CatalogEntry } from '../../shared/format/root.ts';
import type { TableEntry, TableState } from '../../shared/format/table-record.ts';
import { EMPTY_STATE } from '../../shared/recovery/recover.ts';
import { MAX_COLUMNS, MAX_SCHEMA_VERSIONS, MAX_TABLES } from '../../shared/schema/limits.ts';
import { SchemaPool } from '../../shared/schema/schema-pool.ts';
import { type Column, type TableDefinition, versionWith } from '../../shared/schema/types.ts';

/** Tables of a catalog page: one that changes rewrites about 10 KiB. */
const TABLES_PER_PAGE = 64;

/** A catalog page as of the last checkpoint, and whether that is out of date. */
interface CatalogPage {
  written: CatalogEntry | undefined;
  dirty: boolean;
}

/** All tables of an open database, and which catalog pages must be written anew. */
export class Catalog {
  private readonly byId = new Map<number, TableEntry>();
  private readonly byName = new Map<string, number>();
  private readonly schemas = new SchemaPool();
  private readonly pages = new Map<number, CatalogPage>();
  nextId: number;
  /** Every definition that there was, and each that was made or changed since, in order. Handles read on from where they are. */
  readonly changes: TableDefinition[] = [];

  constructor(entries: Iterable<TableEntry>, nextId: number) {
    this.nextId = nextId;
    for (const { definition: read, state } of entries) {
      const definition = this.schemas.share(read);
      this.put({ definition, state });
      this.changes.push(definition);
    }
  }

  /**
   * The table of that name, made if there is none.
   * @throws TABLE_EXISTS if no version of it has these columns, or it has another unit; TOO_MANY
   */
  create(table: NewTable): { definition: TableDefinition; isNew: boolean } {
    const known = this.find(table.name);
    if (known !== undefined) {
      this.checkSame(known, table);
      return { definition: known, isNew: false };
    }
    if (this.nextId >= MAX_TABLES) {
      throw new MillraceError('TOO_MANY', `a database has at most ${MAX_TABLES - 1} tables`, {
        table: table.name,
      });
    }
    const columns: Column[] = table.columns.map(({ name, type }, i) => ({ id: i + 1, name, type }));
    const definition = this.schemas.share({
      id: this.nextId++,
      name: table.name,
      unit: table.unit,
      versions: [{ version: 1, columns }],
    });
    this.put({ definition, state: EMPTY_STATE });
    this.changes.push(definition);
    return { definition, isNew: true };
  }

  /**
   * A table with one column more, as a new version of its schema; as it is if it has that column already.
   * @throws UNKNOWN_TABLE, DUPLICATE_COLUMN if it has one of that name and another type; TOO_MANY
   */
  addColumn(
    table: string,
    { name, type }: Pick<Column, 'name' | 'type'>,
  ): { definition: TableDefinition; isNew: boolean } {
    const known = this.find(table);
    if (known === undefined) {
      throw new MillraceError('UNKNOWN_TABLE', `there is no table ${JSON.stringify(table)}`, { table });
    }
    const { columns, version } = known.versions.at(-1)!;
    const same = columns.find((column) => column.name === name);
    if (same?.type === type) return { definition: known, isNew: false };
    if (same !== undefined) {
      throw new MillraceError(
        'DUPLICATE_COLUMN',
        `table ${JSON.stringify(table)} has a column ${JSON.stringify(name)} of type ${same.type}, not ${type}; use another name`,
        { table, column: name },
      );
    }
    if (columns.length >= MAX_COLUMNS || version >= MAX_SCHEMA_VERSIONS) {
      throw new MillraceError(
        'TOO_MANY',
        `table ${JSON.stringify(table)} has ${columns.length} columns in ${version} versions; at most ${MAX_COLUMNS} and ${MAX_SCHEMA_VERSIONS}`,
        { table, column: name },
      );
    }
    const id = Math.max(...columns.map((column) => column.id)) + 1;
    const next = { version: version + 1, columns: [...columns, { id, name, type }] };
    const definition = this.schemas.share({ ...known, versions: [...known.versions, next] });
    this.put({ ...this.byId.get(known.id)!, definition });
    this.changes.push(definition);
    return { definition, isNew: true };
  }

  find(name: string): TableDefinition | undefined {
    const id = this.byName.get(name);
    return id === undefined ? undefined : this.byId.get(id)!.definition;
  }

  get(id: number): TableEntry | undefined {
    return this.byId.get(id);
  }

  definitions(): TableDefinition[] {
    return [...this.byId.values()].map((entry) => entry.definition);
  }

  setState(id: number, state: TableState): void {
    this.put({ ...this.byId.get(id)!, state });
  }

  /** The entries of each page that must be written anew, by page. */
  dirtyPages(): { page: number; entries: TableEntry[] }[] {
    const dirty = new Map<number, TableEntry[]>();
    for (const [page, { dirty: isDirty }] of this.pages) if (isDirty) dirty.set(page, []);
    for (const entry of this.byId.values()) dirty.get(pageOf(entry.definition.id))?.push(entry);
    return [...dirty].map(([page, entries]) => ({
      page,
      entries: entries.sort((a, b) => a.definition.id - b.definition.id),
    }));
  }

  /** Where a page lies; undefined if it was never written. */
  page(page: number): CatalogEntry | undefined {
    return this.pages.get(page)?.written;
  }

  /** Notes where a page lies now. */
  written(page: number, entry: CatalogEntry): void {
    const known = this.pages.get(page)!;
    known.written = entry;
    known.dirty = false;
  }

  /** As many entries as there will be once every page is written: to know the root's size before its contents. */
  placeholders(): CatalogEntry[] {
    return Array.from({ length: this.pages.size }, () => ({ page: NO_PAGE, firstTable: 0, tables: 0 }));
  }

  /** All catalog pages as they are written, by rising table id. */
  entries(): CatalogEntry[] {
    return [...this.pages]
      .sort(([a], [b]) => a - b)
      .flatMap(([, { written }]) => (written === undefined ? [] : [written]));
  }

  /** Takes over the pages of the checkpoint that the database was opened from. */
  adopt(entries: readonly CatalogEntry[]): void {
    for (const entry of entries) {
      const page = pageOf(entry.firstTable);
      const known = this.pages.get(page);
      if (known === undefined) continue;
      known.written = entry;
      known.dirty = false;
    }
  }

  /** Bytes of the pages that begin at `offset` or after it. */
  bytesFrom(offset: number): number {
    let bytes = 0;
    for (const { written } of this.pages.values())
      if (written !== undefined && written.page.offset >= offset) bytes += written.page.length;
    return bytes;
  }

  /** Has pages that begin at `offset` or after it written anew, `budgetBytes` of them at most. @returns their bytes */
  markFrom(offset: number, budgetBytes: number): number {
    let bytes = 0;
    for (const page of this.pages.values()) {
      const at = page.written?.page;
      if (at === undefined || page.dirty || at.offset < offset) continue;
      if (bytes + at.length > budgetBytes) break;
      page.dirty = true;
      bytes += at.length;
    }
    return bytes;
  }

  markDirty(id: number): void {
    this.pages.get(pageOf(id))!.dirty = true;
  }

  private put(entry: TableEntry): void {
    const { id, name } = entry.definition;
    this.byId.set(id, entry);
    this.byName.set(name, id);
    const page = this.pages.get(pageOf(id));
    if (page === undefined) this.pages.set(pageOf(id), { written: undefined, dirty: true });
    else page.dirty = true;
  }

  private checkSame(known: TableDefinition, wanted: NewTable): void {
    const columns = known.versions.at(-1)!.columns;
    // Any of its versions: a program that makes a table and then adds a column can run again.
    if (known.unit === wanted.unit && versionWith(known, wanted.columns) !== undefined) return;
    const text = (list: readonly { name: string; type: string }[]): string =>
      list.map(({ name, type }) => `${name} ${type}`).join(', ');
    throw new MillraceError(
      'TABLE_EXISTS',
      `table ${JSON.stringify(known.name)} exists with (${text(columns)}; ${known.unit}), not (${text(wanted.columns)}; ${wanted.unit}); use its columns or another name`,
      { table: known.name },
    );
  }
}

function pageOf(tableId: number): number {
  return Math.floor(tableId / TABLES_PER_PAGE);
}
