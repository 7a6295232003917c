import {
  type Column,
  type SchemaVersion,
  type TableDefinition,
  TYPE_CODE,
  TYPE_OF_CODE,
  UNIT_CODE,
  UNIT_OF_CODE,
} from '../schema/types.ts';
import type { ByteSink } from './byte-sink.ts';
import { align8, damaged, fromUtf8, getSafe64, setSafe64, utf8, viewOf } from './fields.ts';
import { getPointer, type PagePointer, setPointer } from './page.ts';

/** What the catalog knows of a table's rows (docs/format.md, section 3.2). */
export interface TableState {
  readonly root: PagePointer;
  readonly height: number;
  readonly blocks: number;
  readonly rows: number;
  readonly minTs: bigint;
  readonly maxTs: bigint;
  readonly nextOrdinal: number;
  readonly rowsEver: number;
  readonly cutoff: bigint;
  readonly retentionMs: number;
}

export interface TableEntry {
  readonly definition: TableDefinition;
  readonly state: TableState;
}

export const NO_CUTOFF = -(2n ** 63n);
const STATE_BYTES = 96;
const DEFINITION_FIXED = 16;

export function encodeTableEntry(out: ByteSink, entry: TableEntry): void {
  const at = out.reserve(STATE_BYTES);
  out.bytes.fill(0, at, out.length);
  const { view } = out;
  const { state } = entry;
  setPointer(view, at, state.root);
  view.setUint32(at + 16, state.height, true);
  setSafe64(view, at + 24, state.blocks);
  setSafe64(view, at + 32, state.rows);
  view.setBigInt64(at + 40, state.minTs, true);
  view.setBigInt64(at + 48, state.maxTs, true);
  setSafe64(view, at + 56, state.nextOrdinal);
  setSafe64(view, at + 64, state.rowsEver);
  view.setBigInt64(at + 72, state.cutoff, true);
  view.setBigInt64(at + 80, BigInt(state.retentionMs), true);
  encodeDefinition(out, entry.definition);
}

/** Decodes `count` table entries. @throws DAMAGED */
export function decodeTableEntries(payload: Uint8Array, count: number): TableEntry[] {
  const view = viewOf(payload);
  const entries: TableEntry[] = [];
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at + STATE_BYTES + DEFINITION_FIXED > payload.length)
      throw damaged('a catalog page ends early', { at });
    const state: TableState = {
      root: getPointer(view, at),
      height: view.getUint32(at + 16, true),
      blocks: getSafe64(view, at + 24, 'blocks'),
      rows: getSafe64(view, at + 32, 'rows'),
      minTs: view.getBigInt64(at + 40, true),
      maxTs: view.getBigInt64(at + 48, true),
      nextOrdinal: getSafe64(view, at + 56, 'ordinal'),
      rowsEver: getSafe64(view, at + 64, 'rows ever'),
      cutoff: view.getBigInt64(at + 72, true),
      retentionMs: Number(view.getBigInt64(at + 80, true)),
    };
    const { definition, bytes } = decodeDefinition(payload, at + STATE_BYTES);
    entries.push({ definition, state });
    at += STATE_BYTES + bytes;
  }
  return entries;
}

export function encodeDefinition(out: ByteSink, definition: TableDefinition): void {
  const start = out.reserve(DEFINITION_FIXED);
  const name = utf8(definition.name);
  out.view.setUint32(start + 4, definition.id, true);
  out.view.setUint8(start + 8, UNIT_CODE[definition.unit]);
  out.view.setUint8(start + 9, 0);
  out.view.setUint16(start + 10, name.length, true);
  out.view.setUint32(start + 12, definition.versions.length, true);
  out.push(name);
  out.pad8(start);
  for (const version of definition.versions) encodeVersion(out, version);
  out.view.setUint32(start, out.length - start, true);
}

function encodeVersion(out: ByteSink, version: SchemaVersion): void {
  const at = out.reserve(8);
  out.view.setUint32(at, version.version, true);
  out.view.setUint32(at + 4, version.columns.length, true);
  for (const column of version.columns) {
    const name = utf8(column.name);
    const start = out.reserve(8);
    out.view.setUint32(start, column.id, true);
    out.view.setUint8(start + 4, TYPE_CODE[column.type]);
    out.view.setUint8(start + 5, 0);
    out.view.setUint16(start + 6, name.length, true);
    out.push(name);
    out.pad8(start);
  }
}

/** Decodes the table definition at `start`. @throws DAMAGED */
export function decodeDefinition(
  bytes: Uint8Array,
  start: number,
): { definition: TableDefinition; bytes: number } {
  const reader = new DefinitionReader(bytes, start);
  return reader.read();
}

class DefinitionReader {
  private readonly bytes: Uint8Array;
  private readonly view: DataView;
  private readonly start: number;
  private at: number;

  constructor(bytes: Uint8Array, start: number) {
    this.bytes = bytes;
    this.view = viewOf(bytes);
    this.start = start;
    this.at = start;
  }

  read(): { definition: TableDefinition; bytes: number } {
    const start = this.take(DEFINITION_FIXED);
    const length = this.view.getUint32(start, true);
    const unit = UNIT_OF_CODE[this.view.getUint8(start + 8)];
    const versions = this.view.getUint32(start + 12, true);
    const name = this.name(this.view.getUint16(start + 10, true), start);
    if (unit === undefined || versions === 0) throw damaged(`the definition of table ${name} makes no sense`);
    const result: SchemaVersion[] = [];
    for (let i = 0; i < versions; i++) result.push(this.version());
    if (this.at - start !== length) throw damaged(`the definition of table ${name} has the wrong length`);
    return {
      definition: { id: this.view.getUint32(start + 4, true), name, unit, versions: result },
      bytes: length,
    };
  }

  private version(): SchemaVersion {
    const at = this.take(8);
    const count = this.view.getUint32(at + 4, true);
    const columns: Column[] = [];
    for (let i = 0; i < count; i++) {
      const entry = this.take(8);
      const type = TYPE_OF_CODE[this.view.getUint8(entry + 4)];
      if (type === undefined) throw damaged('a column has an unknown type', { at: entry });
      const name = this.name(this.view.getUint16(entry + 6, true), entry);
      columns.push({ id: this.view.getUint32(entry, true), name, type });
    }
    return { version: this.view.getUint32(at, true), columns };
  }

  /** Takes a name and the padding that makes its record, begun at `recordStart`, a multiple of 8. */
  private name(length: number, recordStart: number): string {
    const at = this.take(length);
    const name = fromUtf8(this.bytes.subarray(at, at + length), 'a name');
    this.at = recordStart + align8(this.at - recordStart);
    return name;
  }

  private take(count: number): number {
    const at = this.at;
    if (at + count > this.bytes.length) throw damaged('a table definition ends early', { at: this.start });
    this.at += count;
    return at;
  }
}
