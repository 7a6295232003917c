import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import { NanoTsDbShared } from '../../src/main/index.ts';
import { STATE_CLOSED } from '../../src/shared/control/words.ts';
import { emptyDatabase } from '../../src/shared/recovery/superblocks.ts';
import { InlineEngine } from '../support/inline-engine.ts';
import { Drawing } from './page-drawing.ts';

const CREATED_MS = 1_700_000_000_000;

const superblock = (image: Uint8Array, at: number): Drawing =>
  new Drawing(image.subarray(at, at + 4096), '## 2. Superblock');

/** A page's payload, once its pointer and its header vouch for it. */
function page(
  image: Uint8Array,
  pointer: { offset: number; length: number; crc: number },
  letters: string,
): Uint8Array {
  const header = new Drawing(
    image.subarray(pointer.offset, pointer.offset + 32),
    '## 3. Pages and pointers',
    1,
  );
  const payload = image.subarray(pointer.offset + 32, pointer.offset + pointer.length);
  assert.equal(String.fromCharCode(...header.bytes.subarray(0, 4)), letters);
  assert.equal(header.get('bytes of the payload'), payload.length);
  assert.equal(crc32(header.bytes), pointer.crc, 'the pointer vouches for the header');
  assert.equal(header.get('`crc` of the payload'), crc32(payload), 'the header vouches for the payload');
  return payload;
}

function rootOf(image: Uint8Array, block: Drawing): Drawing {
  return new Drawing(
    page(image, block.pointer(block.at('pointer to the root')), 'MRo1'),
    '### 3.1 Root page payload',
  );
}

function assertSuperblock(block: Drawing, sequence: number): void {
  assert.deepEqual(block.all('`MILLRACE`', 'format version', 'sequence', 'when the database was created'), {
    '`MILLRACE`': 'MILLRACE',
    'format version': 1,
    sequence,
    'when the database was created': CREATED_MS,
  });
  assert.deepEqual([...block.bytes.subarray(16, 32)], new Array(16).fill(7), "the database's id");
  assert.equal(block.get('of bytes 0'), crc32(block.bytes.subarray(0, 4092)));
  for (const [from, to] of [
    [12, 16],
    [block.at('zero up to'), 4092],
  ] as const) {
    assert.ok(
      block.bytes.subarray(from, to).every((byte) => byte === 0),
      `bytes ${from} to ${to} are zero`,
    );
  }
}

test('a new file has sequence 0 in superblock A, 1 in B, both pointing to one empty root, as drawn', () => {
  const image = emptyDatabase(new Uint8Array(16).fill(7), CREATED_MS);
  const [a, b] = [superblock(image, 0), superblock(image, 4096)];
  assertSuperblock(a, 0);
  assertSuperblock(b, 1);
  assert.deepEqual(a.pointer(40), b.pointer(40));
  const root = rootOf(image, b);
  const counts = [
    'the next table id',
    'W: number',
    'C: number',
    'F: number',
    'session',
    'end of the used part',
  ];
  assert.deepEqual(Object.values(root.all(...counts)), [1, 0, 0, 0, 0, image.length]);
  assert.equal(root.get('retention in ms'), -1);
});

/** Eight rows for which section 6 leaves no doubt which codec is the smallest. */
const ROWS = 8;
const COLUMNS = [
  { name: 'half', type: 'f64' },
  { name: 'count', type: 'i32' },
  { name: 'on', type: 'bool' },
  { name: 'name', type: 'utf8' },
] as const;

async function smallDatabase(): Promise<{ engine: InlineEngine; db: NanoTsDbShared }> {
  const engine = new InlineEngine({ writers: 1 });
  const db = NanoTsDbShared.over(engine);
  const table = await db.createTable('plant', COLUMNS, { unit: 'us' });
  for (let i = 0; i < ROWS; i++) {
    table.appendRow(BigInt(1000 * (i + 1)), [0.5, i === 2 ? null : 100 + i, i % 3 === 0, 'abcdefgh'[i]!]);
  }
  return { engine, db };
}

test('a closed file of one table can be followed by hand from superblock to values, every byte as the page has it', async () => {
  const { engine, db } = await smallDatabase();
  await db.close();
  const image = engine.file.image();
  const blocks = [superblock(image, 0), superblock(image, 4096)];
  const sequences = blocks.map((block) => Number(block.get('sequence')));
  assert.equal(Math.abs(sequences[0]! - sequences[1]!), 1);
  for (const [i, block] of blocks.entries()) {
    assert.equal(sequences[i]! % 2, i, 'even sequences lie in A');
    assertSuperblock(block, sequences[i]!);
    const root = rootOf(image, block);
    assert.equal(root.get('sequence of this checkpoint'), sequences[i]);
    assert.deepEqual(Object.values(root.all('W: number', 'C: number', 'the next table id')), [0, 1, 2]);

    const catalog = new Drawing(page(image, root.pointer(64), 'MCt1'), '### 3.2 Catalog page payload');
    assert.deepEqual([...root.bytes.subarray(80, 88)], [1, 0, 0, 0, 1, 0, 0, 0], 'first table id 1, 1 table');
    const entry = [
      'height',
      'blocks in the index',
      'rows in the index',
      'smallest',
      'largest',
      'next ordinal',
    ];
    assert.deepEqual(Object.values(catalog.all(...entry)), [0, 1, ROWS, 1000, 8000, 1]);
    assertDefinition(catalog.bytes.subarray(96));

    const leaf = new Drawing(page(image, catalog.pointer(0), 'MIx1'), '### 3.3 Index page payload');
    assert.equal(leaf.bytes.length, 64, 'one block reference');
    const reference = [
      'first ordinal',
      'last ordinal',
      'index of the first',
      'rows',
      'smallest',
      'largest',
      'flags',
      'schema',
    ];
    assert.deepEqual(Object.values(leaf.all(...reference)), [0, 0, 0, ROWS, 1000, 8000, 1, 1]);
    const at = Number(leaf.get('offset of the block'));
    const bytes = image.subarray(at, at + Number(leaf.get('bytes of the block')));
    assertBlock(bytes, Number(leaf.get("the block's header crc")));
  }
});

function assertDefinition(bytes: Uint8Array): void {
  const name = (text: string, head: number): Uint8Array => padded(new TextEncoder().encode(text), head);
  const column = (id: number, type: number, text: string): Uint8Array[] => [
    u32(id),
    Uint8Array.of(type, 0, text.length, 0),
    name(text, 8),
  ];
  const rest = join(
    Uint8Array.of(1, 0, 0, 0, 1, 0, 5, 0), // table 1, microseconds, a name of 5 bytes
    u32(1), // one schema version
    name('plant', 16),
    u32(1),
    u32(COLUMNS.length),
    ...column(1, 1, 'half'),
    ...column(2, 4, 'count'),
    ...column(3, 5, 'on'),
    ...column(4, 6, 'name'),
  );
  assertBytes(bytes, join(u32(4 + rest.length), rest), 'table definition');
}

/** Section 6 by hand. */
const VECTORS: readonly Uint8Array[] = [
  // ts: delta; width 0, first 1000, base 1000, no bits.
  join(Uint8Array.of(3, 0, ROWS, 0), u32(24), new Uint8Array(8), i64(1000n), i64(1000n)),
  // f64: constant.
  join(Uint8Array.of(1, 0, ROWS, 0), u32(8), new Uint8Array(Float64Array.of(0.5).buffer)),
  // i32: frame of reference; row 2 is null, width 3, base 100, then 0 1 3 4 5 6 7 in 3 bits each.
  join(
    Uint8Array.of(2, 1, ROWS, 0),
    u32(32),
    Uint8Array.of(0b1111_1011, 0, 0, 0, 0, 0, 0, 0),
    Uint8Array.of(3, 0, 0, 0, 0, 0, 0, 0),
    i64(100n),
    Uint8Array.of(0b11_001_000, 0b0_101_100_0, 0b000_111_11, 0, 0, 0, 0, 0),
  ),
  // bool: bitmap; rows 0, 3 and 6.
  join(Uint8Array.of(5, 0, ROWS, 0), u32(8), Uint8Array.of(0b0100_1001, 0, 0, 0, 0, 0, 0, 0)),
  // utf8: plain; 8 bytes, width 0, each of length 1.
  join(
    Uint8Array.of(6, 0, ROWS, 0),
    u32(24),
    u32(8),
    u32(0),
    u32(1),
    u32(0),
    new TextEncoder().encode('abcdefgh'),
  ),
];

function assertBlock(bytes: Uint8Array, referenceCrc: number): void {
  const block = new Drawing(bytes, '## 5. Block');
  const salt = Number(block.get('salt'));
  const head = 80 + 24 * VECTORS.length;
  assert.deepEqual(
    block.all(
      '`MBk1`',
      'bytes of header',
      'bytes of the whole',
      'table id',
      'schema version',
      'columns',
      'vectors',
      'flags',
    ),
    {
      '`MBk1`': 'MBk1',
      'bytes of header': head,
      'bytes of the whole': bytes.length,
      'table id': 1,
      'schema version': 1,
      columns: VECTORS.length,
      vectors: 1,
      flags: 1,
    },
  );
  assert.equal(block.get('header crc'), referenceCrc, 'the reference vouches for the header');
  assert.equal(referenceCrc, crc32(bytes.subarray(80, head), crc32(bytes.subarray(0, 76), salt)));
  assertBytes(bytes.subarray(head), join(...VECTORS), 'vectors');
  let at = head;
  for (const [i, vector] of VECTORS.entries()) {
    const column = new Drawing(bytes.subarray(80 + 24 * i, 104 + 24 * i), '## 5. Block', 1);
    assert.deepEqual(
      Object.values(column.all('column id', 'type', 'offset of the column', 'bytes of the column')),
      [i, [0, 1, 4, 5, 6][i], at, vector.length],
    );
    assert.equal(column.get('`crc(column bytes'), crc32(vector, salt));
    at += vector.length;
  }
}

test('the first commit of a new table is one frame: its definition and one piece, byte for byte as the page has it', async () => {
  const { engine, db } = await smallDatabase();
  await db.sync();
  const image = engine.file.image();
  engine.shared.control.setState(STATE_CLOSED);
  const blocks = [superblock(image, 0), superblock(image, 4096)];
  const newest = Number(blocks[0]!.get('sequence')) > Number(blocks[1]!.get('sequence')) ? 0 : 1;
  const root = rootOf(image, blocks[newest]!);
  assert.equal(root.get('W: number'), 1);
  const writer = new Drawing(root.bytes.subarray(64, 128), '### 3.1 Root page payload', 1);
  const seed = Number(writer.get("the extent's salt, seed"));
  const at = Number(writer.get('offset of the first frame'));
  assert.deepEqual(Object.values(writer.all('number of that frame', 'highest frame number')), [1, 0]);
  assert.equal(writer.get('offset of the log extent'), at, 'the first frame begins its extent');
  const frame = new Drawing(image.subarray(at), '### 4.1 Frame');
  const bytes = Number(frame.get('bytes of the payload'));
  const payload = image.subarray(at + 64, at + 64 + bytes);
  const counts = [
    'frame number',
    'highest frame number',
    'writer',
    'flags',
    'T: table',
    'B: block',
    'P: pieces',
  ];
  assert.deepEqual(Object.values(frame.all(...counts)), [1, 0, 0, 0, 1, 0, 1]);
  assert.equal(frame.get('`MLf1`'), 'MLf1');
  assert.equal(frame.get('clear part'), writer.get("the extent's salt, clear"));
  assert.equal(frame.get('`crc(payload'), crc32(payload, seed));
  assert.equal(frame.get('`crc(bytes 0…59'), crc32(frame.bytes.subarray(0, 60), seed));

  const definitionBytes = new DataView(payload.buffer, payload.byteOffset).getUint32(0, true);
  assertDefinition(payload.subarray(0, definitionBytes));
  const piece = new Drawing(payload.subarray(definitionBytes), '### 4.2 Piece');
  const fields = [
    'table id',
    'index of the first row',
    'rows, at least 1',
    'ordinal',
    'schema version',
    'flags',
  ];
  assert.deepEqual(Object.values(piece.all(...fields)), [1, 0, ROWS, 0, 1, 1]);
  const body = join(
    ...Array.from({ length: ROWS }, (_, i) => i64(BigInt(1000 * (i + 1)))),
    Uint8Array.of(0xff),
    ...Array.from({ length: ROWS }, () => new Uint8Array(Float64Array.of(0.5).buffer)),
    Uint8Array.of(0b1111_1011),
    ...Array.from({ length: ROWS }, (_, i) => u32(i === 2 ? 0 : 100 + i)),
    Uint8Array.of(0xff),
    Uint8Array.of(1, 0, 0, 1, 0, 0, 1, 0),
    Uint8Array.of(0xff),
    ...Array.from({ length: ROWS }, () => u32(1)),
    new TextEncoder().encode('abcdefgh'),
  );
  assert.equal(piece.get('bytes of the body'), Math.ceil(body.length / 8) * 8);
  assertBytes(piece.bytes.subarray(24), padded(body, 0), 'body of the piece');
});

// Bytes by hand

function u32(value: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(value).buffer);
}

function i64(value: bigint): Uint8Array {
  return new Uint8Array(BigInt64Array.of(value).buffer);
}

function join(...parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}

/** Bytes padded to 8, if they begin at `from`. */
function padded(bytes: Uint8Array, from: number): Uint8Array {
  const end = Math.ceil((from + bytes.length) / 8) * 8;
  return join(bytes, new Uint8Array(end - from - bytes.length));
}

function assertBytes(actual: Uint8Array, wanted: Uint8Array, what: string): void {
  assert.equal(Buffer.from(actual).toString('hex'), Buffer.from(wanted).toString('hex'), what);
}
