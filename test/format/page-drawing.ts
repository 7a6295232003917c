/** Reads docs/format.md's own tables, so that a test can look at a file through the page's eyes. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const PAGE = readFileSync(fileURLToPath(new URL('../../../docs/format.md', import.meta.url)), 'utf8');

/** A row of a table "at, type, what" of the page. */
interface Field {
  readonly at: number;
  readonly type: string;
  readonly what: string;
}

/** The n-th table "at, type, what" below a heading of the page; fields whose place varies are left out. */
function fieldsBelow(heading: string, n: number): Field[] {
  const from = PAGE.indexOf(`\n${heading}`);
  assert.ok(from >= 0, `docs/format.md has a heading "${heading}"`);
  const tables = PAGE.slice(from)
    .split('| at | type | what |\n|---|---|---|\n')
    .slice(1)
    .map((table) => table.slice(0, table.search(/^(?!\|)/m)));
  const rows = (tables[n] ?? '').split('\n').map((line) => line.split('|').map((cell) => cell.trim()));
  const fields = rows.filter((cells) => /^\d+$/.test(cells[1] ?? ''));
  assert.ok(fields.length > 0, `table ${n} below "${heading}" has fields`);
  return fields.map(([, at, type, what]) => ({ at: Number(at), type: type!, what: what! }));
}

/** A structure in a file. Its fields are found by the words that the page has for them, and read as it types them. */
export class Drawing {
  readonly bytes: Uint8Array;
  private readonly fields: readonly Field[];
  private readonly view: DataView;

  /** @param n which of the tables below the heading */
  constructor(bytes: Uint8Array, heading: string, n = 0) {
    this.bytes = bytes;
    this.fields = fieldsBelow(heading, n);
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Where the one field is whose text has these words. */
  at(words: string): number {
    return this.field(words).at;
  }

  /** Its value: a string for letters, a number for the rest (times and offsets of tests are small). */
  get(words: string): number | string {
    const { at, type } = this.field(words);
    const { view } = this;
    if (/^\d+ bytes$/.test(type)) {
      return String.fromCharCode(...this.bytes.subarray(at, at + Number.parseInt(type, 10)));
    }
    switch (type) {
      case 'u64':
        return Number(view.getBigUint64(at, true));
      case 'i64':
        return Number(view.getBigInt64(at, true));
      case 'u32':
        return view.getUint32(at, true);
      case 'u16':
        return view.getUint16(at, true);
      default:
        assert.equal(type, 'u8', `the type of "${words}"`);
        return view.getUint8(at);
    }
  }

  /** All fields that are named, as an object. */
  all(...words: string[]): Record<string, number | string> {
    return Object.fromEntries(words.map((name) => [name, this.get(name)]));
  }

  /** The pointer (section 3) that begins at a place. */
  pointer(at: number): { offset: number; length: number; crc: number } {
    const pointer = new Drawing(this.bytes.subarray(at, at + 16), '## 3. Pages and pointers');
    return {
      offset: Number(pointer.get('offset of the page')),
      length: Number(pointer.get('length of the page')),
      crc: Number(pointer.get('`crc` of')),
    };
  }

  private field(words: string): Field {
    const found = this.fields.filter(({ what }) => what.includes(words));
    const exact = found.length > 1 ? found.filter(({ what }) => what.startsWith(words)) : found;
    assert.equal(exact.length, 1, `the page has one field "${words}"`);
    return exact[0]!;
  }
}
