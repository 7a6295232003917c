import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import type { RecoveredTable } from '../../../src/shared/recovery/recover.ts';
import { MemoryFile } from '../../../src/shared/storage/memory-storage.ts';
import { FreeSpace } from '../../../src/workers/coordinator/free-space.ts';
import { materialize } from '../../../src/workers/coordinator/materialize.ts';

const ROWS = 9;
const ROW_BYTES = 12_000;
const END = 1 << 20;

/** A table of which recovery found nine rows of 12,000 random bytes each in pieces only. */
function recovered(): RecoveredTable {
  const arena = randomBytes(ROWS * ROW_BYTES);
  const values = Uint32Array.from({ length: 2 * ROWS }, (_, i) =>
    i % 2 === 1 ? ROW_BYTES : (i / 2) * ROW_BYTES,
  );
  const ts = Float64Array.from({ length: ROWS }, (_, i) => 1000 + i);
  const sources = [
    { kind: 'f64' as const, isTime: true, values: ts, validity: undefined, arena: undefined },
    { kind: 'bytes' as const, isTime: false, values, validity: undefined, arena },
  ];
  const definition = {
    id: 1,
    name: 'a',
    unit: 'ms' as const,
    versions: [{ version: 1, columns: [{ id: 1, name: 'raw', type: 'bytes' as const }] }],
  };
  return {
    entry: { definition, state: {} as RecoveredTable['entry']['state'] },
    blocks: [],
    runs: [{ ordinal: 3, indexFirst: 5, rows: ROWS, schemaVersion: 1, sources }],
    isNews: true,
  };
}

function blocksIn(space: FreeSpace): readonly { indexFirst: number; rows: number; end: number }[] {
  const storage = new MemoryFile(new Uint8Array(END)).open();
  const refs = materialize(storage, space, [recovered()], 7).get(1)!;
  return refs.map(({ indexFirst, rows, offset, length }) => ({ indexFirst, rows, end: offset + length }));
}

/** Free pieces of 28 KiB, with as much in use between them. */
function inPieces(count: number): FreeSpace {
  const ranges = Array.from({ length: count }, (_, i) => ({
    offset: i * (56 << 10),
    bytes: 28 << 10,
    freedBy: 0,
  }));
  const space = new FreeSpace(ranges, END);
  space.limit = END;
  space.isOpening = true;
  return space;
}

test('the rows that a full file was opened with go where there is room: in more blocks, and not beyond its bound, where what is free lies in pieces', () => {
  const space = inPieces(8);
  const blocks = blocksIn(space);
  let next = 5;
  for (const { indexFirst, rows, end } of blocks) {
    assert.equal(indexFirst, next);
    assert.ok(rows <= 2 && end <= END);
    next += rows;
  }
  assert.equal(next, 5 + ROWS);
  assert.equal(space.end, END);
});

test('with room in one piece they are one block', () => {
  assert.deepEqual(
    blocksIn(new FreeSpace([], 4096)).map(({ rows }) => rows),
    [ROWS],
  );
});

test('only with no room at all does a file grow that is opened', () => {
  const space = inPieces(1);
  const blocks = blocksIn(space);
  assert.equal(
    blocks.reduce((sum, { rows }) => sum + rows, 0),
    ROWS,
  );
  assert.ok(space.end > END && space.end < END + (ROWS - 2) * (ROW_BYTES + 4096));
  space.isOpening = false;
  assert.throws(() => space.allot(1 << 16), { code: 'OUT_OF_SPACE' });
});
