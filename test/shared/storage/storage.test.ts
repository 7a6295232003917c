import assert from 'node:assert/strict';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { MillraceError } from '../../../src/shared/errors.ts';
import {
  createFile,
  FILE_STORAGE_MODULE,
  fileKind,
  openStorage,
} from '../../../src/shared/storage/file-storage.ts';
import { MemoryFile } from '../../../src/shared/storage/memory-storage.ts';
import { openStorageRef, readExactly, type Storage } from '../../../src/shared/storage/storage.ts';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
let folder: string;
let files = 0;
before(() => {
  folder = mkdtempSync(join(tmpdir(), 'millrace-storage-'));
});
after(() => rmSync(folder, { recursive: true }));

/** A file of each backend with given contents: handles of one file at each call of what is returned. */
const BACKENDS: Record<string, (contents: Uint8Array) => () => Storage> = {
  'a real file': (contents) => {
    const path = join(folder, `${++files}.ntt`);
    createFile(path, contents);
    return () => openStorage(path, true);
  },
  'a file in memory': (contents) => {
    const file = new MemoryFile(contents);
    return () => file.open();
  },
};

for (const [name, make] of Object.entries(BACKENDS)) {
  describe(`storage over ${name}`, () => {
    test('reads what is there, and tells how much that was where the file ends', () => {
      const storage = make(bytes('0123456789'))();
      const into = new Uint8Array(4);
      assert.equal(storage.read(into, 3), 4);
      assert.deepEqual(into, bytes('3456'));
      assert.equal(storage.read(into, 8), 2);
      assert.deepEqual(into.subarray(0, 2), bytes('89'));
      assert.equal(storage.read(into, 10), 0);
      assert.equal(storage.read(into, 1_000_000), 0);
      assert.equal(storage.read(new Uint8Array(0), 0), 0);
      assert.deepEqual(readExactly(storage, 8, 2), bytes('89'));
      assert.equal(readExactly(storage, 8, 3), undefined);
      storage.close();
    });

    test('a write behind the end makes the file longer, with zeros between', () => {
      const storage = make(bytes('abc'))();
      storage.write(bytes('xyz'), 6);
      assert.equal(storage.length(), 9);
      assert.deepEqual(readExactly(storage, 0, 9), bytes('abc\0\0\0xyz'));
      storage.write(bytes('B'), 1);
      assert.deepEqual(readExactly(storage, 0, 3), bytes('aBc'));
      assert.equal(storage.length(), 9);
      storage.close();
    });

    test('what one handle writes, all handles of the file read at once', () => {
      const open = make(bytes('........'));
      const [a, b] = [open(), open()];
      a.write(bytes('ab'), 2);
      assert.deepEqual(readExactly(b, 0, 8), bytes('..ab....'));
      b.sync();
      b.write(bytes('long'), 100);
      assert.equal(a.length(), 104);
      a.close();
      assert.deepEqual(readExactly(b, 2, 2), bytes('ab'), 'closing one leaves the others');
      b.close();
    });

    test('truncating cuts, and what grows there again is zero', () => {
      const storage = make(bytes('0123456789'))();
      storage.truncate(4);
      assert.equal(storage.length(), 4);
      storage.write(bytes('x'), 7);
      assert.deepEqual(readExactly(storage, 0, 8), bytes('0123\0\0\0x'));
      storage.close();
    });

    test('shared memory can be read into and written from', () => {
      const storage = make(bytes('0123456789'))();
      const shared = new Uint8Array(new SharedArrayBuffer(8), 2, 4);
      assert.equal(storage.read(shared, 2), 4);
      assert.deepEqual([...shared], [...bytes('2345')]);
      storage.write(shared, 6);
      assert.deepEqual(readExactly(storage, 0, 10), bytes('0123452345'));
      storage.close();
    });

    test('the identity is that of the file: equal for its handles, another for another file', () => {
      const open = make(bytes('same'));
      const [a, b, other] = [open(), open(), make(bytes('same'))()];
      assert.equal(a.identity(), b.identity());
      assert.notEqual(a.identity(), other.identity());
      for (const storage of [a, b, other]) storage.close();
    });

    test('bytes beyond 2^32 have their place', { skip: name !== 'a real file' }, () => {
      const storage = make(bytes('low'))();
      const far = 2 ** 33 + 5;
      storage.write(bytes('high'), far);
      assert.equal(storage.length(), far + 4);
      assert.deepEqual(readExactly(storage, far, 4), bytes('high'));
      assert.deepEqual(readExactly(storage, 0, 3), bytes('low'));
      storage.close();
    });
  });
}

test('a file in memory remembers what was synced: that is what a power cut leaves', () => {
  const file = new MemoryFile(bytes('old'));
  const [a, b] = [file.open(), file.open()];
  a.write(bytes('new'), 0);
  assert.deepEqual(file.syncedImage(), bytes('old'));
  b.sync();
  assert.deepEqual(file.syncedImage(), bytes('new'), 'a sync is for the writes of all handles');
  a.truncate(1);
  assert.deepEqual([file.syncedImage(), file.image()], [bytes('new'), bytes('n')]);
});

test('a new file has its name only when it is whole, and never takes the place of another', () => {
  const path = join(folder, 'some', 'new', 'folders', 'a.ntt');
  createFile(path, bytes('first'));
  assert.equal(readFileSync(path, 'utf8'), 'first');
  createFile(path, bytes('second'));
  assert.equal(readFileSync(path, 'utf8'), 'first');
  assert.deepEqual(readdirSync(join(folder, 'some', 'new', 'folders')), ['a.ntt'], 'no draft is left');
});

test('a path is told for what it is', () => {
  const path = join(folder, 'kind.ntt');
  assert.equal(fileKind(path), 'none');
  createFile(path, bytes('x'));
  assert.equal(fileKind(path), 'file');
  assert.equal(fileKind(folder), 'directory');
  assert.equal(fileKind('/dev/null'), 'other');
});

test('what the system refuses is an IO_ERROR that names call and file, and keeps the cause', () => {
  const missing = join(folder, 'missing.ntt');
  assert.throws(
    () => openStorage(missing, true),
    (error) => {
      assert.ok(MillraceError.is(error));
      assert.equal(error.code, 'IO_ERROR');
      assert.deepEqual(error.details, { path: missing, call: 'open', errno: 'ENOENT' });
      assert.equal((error.cause as NodeJS.ErrnoException).code, 'ENOENT');
      return true;
    },
  );
  assert.equal(existsSync(missing), false);
  const path = join(folder, 'for-reading.ntt');
  createFile(path, bytes('x'));
  const storage = openStorage(path, false);
  assert.throws(() => storage.write(bytes('y'), 0), { code: 'IO_ERROR' });
  assert.equal(readFileSync(path, 'utf8'), 'x');
  storage.close();
});

test('a folder that takes no files is an IO_ERROR, before anything is made', {
  skip: process.getuid?.() === 0,
}, () => {
  const closed = join(folder, 'closed');
  mkdirSync(closed);
  chmodSync(closed, 0o500);
  assert.throws(() => createFile(join(closed, 'a.ntt'), bytes('x')), { code: 'IO_ERROR' });
  chmodSync(closed, 0o700);
  assert.deepEqual(readdirSync(closed), []);
});

test('a file that is renamed stays the same file for those who have it open', () => {
  const path = join(folder, 'moved.ntt');
  createFile(path, bytes('moved'));
  const before = openStorage(path, true);
  renameSync(path, `${path}.2`);
  createFile(path, bytes('other'));
  const after = openStorage(path, true);
  assert.notEqual(before.identity(), after.identity(), 'how a writer notices that its file was replaced');
  assert.deepEqual(readExactly(before, 0, 5), bytes('moved'));
  before.close();
  after.close();
});

test('a backend is found by its module from any thread', async () => {
  const path = join(folder, 'by-module.ntt');
  createFile(path, bytes('here'));
  const storage = await openStorageRef({ module: FILE_STORAGE_MODULE, location: path }, false);
  assert.deepEqual(readExactly(storage, 0, 4), bytes('here'));
  storage.close();
});
