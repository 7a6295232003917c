import assert from 'node:assert/strict';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { crc32 } from 'node:zlib';
import { type ErrorCode, NanoTsDbShared } from '../../src/main/index.ts';
import { refused } from '../support/model-refusal.ts';

const MIB = 1 << 20;
/** docs/format.md, section 2. */
const SUPERBLOCK_BYTES = 4096;
const SMALL = { writers: 1, memoryBudgetBytes: 32 * MIB };
let folder = '';
/** The bytes of a database with one table `t` of one row. */
let sound = new Uint8Array();

before(async () => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-bad-input-'));
  const path = join(folder, 'sound.ntt');
  const db = await NanoTsDbShared.open(path, SMALL);
  (await db.createTable('t', ['a'])).appendRow(1, [1]);
  await db.close();
  // A Buffer's own slice would share its memory.
  sound = Uint8Array.from(readFileSync(path));
});
after(() => rmSync(folder, { recursive: true, force: true }));

/** A file of these bytes in a folder of its own, so that whatever is made beside it is seen. */
function fileOf(name: string, bytes: Uint8Array | string): string {
  const own = mkdtempSync(join(folder, 'own-'));
  writeFileSync(join(own, name), bytes);
  return join(own, name);
}

describe('an option of open that is out of range', () => {
  const cases: readonly (readonly [unknown, string])[] = [
    [{ writers: 0 }, '0'],
    [{ writers: 65 }, '65'],
    [{ writers: 1.5 }, '1.5'],
    [{ writers: '2' }, '"2"'],
    [{ writers: null }, 'null'],
    [{ maxProducers: 0 }, '0'],
    [{ maxProducers: 65 }, '65'],
    [{ commitIntervalMs: 0 }, '0'],
    [{ commitIntervalMs: 60_001 }, '60001'],
    [{ commitIntervalMs: Number.NaN }, 'NaN'],
    [{ memoryBudgetBytes: 32 * MIB - 1, writers: 1 }, String(32 * MIB - 1)],
    [{ memoryBudgetBytes: 32 * MIB, writers: 2 }, String(32 * MIB)],
    [{ memoryBudgetBytes: 2 ** 40, writers: 1 }, String(2 ** 40)],
    [{ memoryBudgetBytes: Number.POSITIVE_INFINITY }, 'Infinity'],
    [{ readCacheBytes: -1 }, '-1'],
    [{ readCacheBytes: 2 ** 41 }, String(2 ** 41)],
    [{ durability: 'sometimes' }, '"sometimes"'],
    [{ durability: null }, 'null'],
    [{ create: 'yes' }, '"yes"'],
    [{ readOnly: 1 }, '1'],
    [{ signal: {} }, 'a Object'],
    [{ writer: 2 }, '"writer"'],
    [null, 'null'],
    ['fast', '"fast"'],
  ];

  it('is refused by its name and value, and no file is made', async () => {
    const path = join(folder, 'never', 'made.ntt');
    for (const [options, names] of cases) {
      const error = await refused('INVALID_OPTION', names, () => NanoTsDbShared.open(path, options as never));
      if (typeof options === 'object' && options !== null)
        assert.match(error.message, new RegExp(Object.keys(options)[0]!));
    }
    assert.equal(existsSync(join(folder, 'never')), false);
  });

  it('is taken at both ends of its range', async () => {
    const path = join(folder, 'ends.ntt');
    for (const options of [
      { ...SMALL, maxProducers: 1, commitIntervalMs: 1 },
      { ...SMALL, maxProducers: 64, commitIntervalMs: 60_000 },
    ]) {
      await (await NanoTsDbShared.open(path, options)).close();
    }
  });
});

describe('a path', () => {
  it('that is no string or is empty is refused', async () => {
    for (const [path, names] of [
      ['', '""'],
      [5, '5'],
      [undefined, 'undefined'],
      [null, 'null'],
      [new URL('file:///x.ntt'), 'a URL'],
    ] as const) {
      await refused('INVALID_OPTION', names, () => NanoTsDbShared.open(path as never, SMALL));
      await refused('INVALID_OPTION', names, () => NanoTsDbShared.open(path as never, { readOnly: true }));
    }
  });

  it('with a NUL is refused', async () => {
    await refused('INVALID_OPTION', '\\u0000', () => NanoTsDbShared.open('a\0b', SMALL));
    await refused('INVALID_OPTION', '\\u0000', () => NanoTsDbShared.open('a\0b', { readOnly: true }));
  });

  it('that is a folder or a device is refused', async () => {
    const path = join(folder, 'a folder.ntt');
    mkdirSync(path);
    for (const options of [SMALL, { create: false }, { readOnly: true }]) {
      await refused('NOT_A_FILE', path, () => NanoTsDbShared.open(path, options));
      if (process.platform !== 'win32')
        await refused('NOT_A_FILE', '/dev/null', () => NanoTsDbShared.open('/dev/null', options));
    }
    assert.deepEqual(readdirSync(path), []);
  });

  it('below a file is refused', async () => {
    const file = fileOf('notes.txt', 'not a folder');
    await refused('IO_ERROR', file, () => NanoTsDbShared.open(join(file, 'x.ntt'), SMALL));
    assert.equal(readFileSync(file, 'utf8'), 'not a folder');
  });

  it('without a file is refused if none may be made, and no folder is made', async () => {
    const path = join(folder, 'missing', 'x.ntt');
    await refused('FILE_NOT_FOUND', path, () => NanoTsDbShared.open(path, { ...SMALL, create: false }));
    await refused('FILE_NOT_FOUND', path, () => NanoTsDbShared.open(path, { readOnly: true }));
    assert.equal(existsSync(join(folder, 'missing')), false);
  });

  it('is left alone by an open that was aborted before', async () => {
    const path = join(folder, 'aborted.ntt');
    const signal = AbortSignal.abort(new Error('changed my mind'));
    const error = await refused('ABORTED', 'aborted', () => NanoTsDbShared.open(path, { ...SMALL, signal }));
    assert.equal((error.cause as Error).message, 'changed my mind');
    assert.equal(existsSync(path), false);
  });
});

describe('a file', () => {
  /** The sound file with the version of these superblocks raised, and their checksums right. */
  function newer(superblocks: readonly number[]): Uint8Array {
    const bytes = sound.slice();
    const view = new DataView(bytes.buffer);
    for (const at of superblocks.map((i) => i * SUPERBLOCK_BYTES)) {
      view.setUint32(at + 8, 2, true);
      view.setUint32(at + SUPERBLOCK_BYTES - 4, crc32(bytes.subarray(at, at + SUPERBLOCK_BYTES - 4)), true);
    }
    return bytes;
  }

  const cases: Record<
    string,
    () => readonly [bytes: Uint8Array | string, code: ErrorCode, names: string | RegExp]
  > = {
    'without a byte': () => ['', 'NOT_A_DATABASE', 'not a Millrace database'],
    'with a few words of text': () => [
      'temperature;state\n21.37;RUN\n',
      'NOT_A_DATABASE',
      'not a Millrace database',
    ],
    'with a long text': () => ['x'.repeat(100_000), 'NOT_A_DATABASE', 'not a Millrace database'],
    'of zeros': () => [new Uint8Array(100_000), 'NOT_A_DATABASE', 'not a Millrace database'],
    'that begins as a database and ends there': () => [sound.subarray(0, 100), 'DAMAGED', 'superblock'],
    'of a newer version': () => [newer([0, 1]), 'NEWER_VERSION', 'version 2'],
    'half of which is of a newer version': () => [newer([0]), 'NEWER_VERSION', 'version 2'],
  };
  for (const [what, make] of Object.entries(cases)) {
    it(`${what} is refused and stays as it is`, async () => {
      const [bytes, code, names] = make();
      const path = fileOf('other.ntt', bytes);
      const was = readFileSync(path);
      for (const options of [SMALL, { ...SMALL, create: false }, { readOnly: true }]) {
        await refused(code, names, () => NanoTsDbShared.open(path, options));
        assert.ok(readFileSync(path).equals(was), 'its bytes are as they were');
        assert.deepEqual(readdirSync(join(path, '..')), ['other.ntt'], 'nothing was made beside it');
      }
    });
  }

  it('that is no database is named by the error', async () => {
    const path = fileOf('nameless.ntt', 'text');
    await refused('NOT_A_DATABASE', path, () => NanoTsDbShared.open(path, SMALL));
    await refused('NOT_A_DATABASE', path, () => NanoTsDbShared.open(path, { readOnly: true }));
  });

  it('that is open for writing is not opened for writing again, and goes on as it was', async () => {
    const path = fileOf('twice.ntt', sound);
    const db = await NanoTsDbShared.open(path, SMALL);
    await refused('DATABASE_LOCKED', path, () => NanoTsDbShared.open(path, SMALL));
    db.table('t').appendRow(2, [2]);
    await db.close();
    const reader = await NanoTsDbShared.open(path, { readOnly: true });
    assert.equal(await reader.lastSeq('t'), 2);
    await reader.close();
  });
});

describe('a database that was opened with readOnly', () => {
  it('refuses to be changed, and its file stays as it is', async () => {
    const path = fileOf('read-only.ntt', sound);
    const db = await NanoTsDbShared.open(path, { readOnly: true });
    const table = db.table('t');
    const calls: Record<string, () => unknown> = {
      createTable: () => db.createTable('t', ['a']),
      createTableSync: () => db.createTableSync('new', ['a']),
      appendValue: () => db.appendValue('s', 1, 1),
      sync: () => db.sync(),
      flush: () => db.flush(),
      drained: () => db.drained(),
      'Table.appendRow': () => table.appendRow(1, [1]),
      'Table.append': () => table.append({ ts: [1], columns: { a: [1] } } as never),
    };
    for (const [name, call] of Object.entries(calls)) {
      await refused('READ_ONLY', 'readOnly', call).catch((error) => assert.fail(`${name}: ${error.message}`));
    }
    assert.equal((await table.query()).rowCount, 1);
    await db.close();
    assert.ok(readFileSync(path).equals(sound));
  });

  it('refuses everything once it is closed', async () => {
    const db = await NanoTsDbShared.open(fileOf('closed.ntt', sound), { readOnly: true });
    const table = db.table('t');
    await db.close();
    await db.close();
    const calls = [
      () => db.table('t'),
      () => db.hasTable('t'),
      () => db.listTables(),
      () => db.stats(),
      () => db.lastSeq(),
      () => table.query(),
      () => table.scan().next(),
      () => table.appendRow(1, [1]),
      () => db.sync(),
    ];
    for (const call of calls) await refused('CLOSED', 'closed', call);
  });
});

describe('a database with threads that was closed', () => {
  it('refuses every call, and none of them hangs', async () => {
    const db = await NanoTsDbShared.open(fileOf('threads.ntt', sound), SMALL);
    const table = db.table('t');
    const scan = table.scan({ batchRows: 1 });
    await scan.next();
    await db.close();
    const calls = [
      () => db.createTableSync('t', ['a']),
      () => db.appendValue('s', 1, 1),
      () => db.sync(),
      () => db.flush(),
      () => db.drained(),
      () => db.stats(),
      () => db.timeRange('t'),
      () => table.query(),
      () => table.appendRow(1, [1]),
      () => scan.next(),
    ];
    for (const call of calls) await refused('CLOSED', 'closed', call);
    await db.close();
  });
});
