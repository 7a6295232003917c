import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { NanoTsDbShared } from '../../../src/main/index.ts';
import { goldenImage } from '../../damage/golden.ts';
import { tempDir } from '../ingest/temp-dir.ts';
import { cli } from './run-cli.ts';

const ROWS = 104;
/** One with an open log is smaller. */
const ROWS_OF_OPEN = 39;

/** The golden database with one byte changed in the n-th structure that begins with these letters. */
function damage(image: Uint8Array, letters: string, n: number, offset: number): Uint8Array {
  const places: number[] = [];
  for (
    let at = Buffer.from(image).indexOf(letters);
    at >= 0;
    at = Buffer.from(image).indexOf(letters, at + 1)
  )
    places.push(at);
  const copy = image.slice();
  copy[places.at(n)! + offset]! ^= 4;
  return copy;
}

async function verified(image: Uint8Array, folder: string, ...options: string[]) {
  const path = join(folder, 'plant.ntt');
  writeFileSync(path, image);
  const { code, out, err } = await cli('verify', path, '--json', ...options);
  assert.deepEqual(readFileSync(path), Buffer.from(image), 'verify never touches the file');
  return { code, err, report: out === '' ? undefined : JSON.parse(out) };
}

/** The same with a page of the index damaged: one that is still in use, not one that a newer one has replaced. */
async function damagedIndex(image: Uint8Array, folder: string): Promise<Uint8Array> {
  for (let n = -1; n > -50; n--) {
    const bytes = damage(image, 'MIx1', n, 40);
    if ((await verified(bytes, folder)).code !== 0) return bytes;
  }
  return assert.fail('no page of the index is in use');
}

test('verify finds nothing in a sound file, closed or not, and ends with 0', async () => {
  const folder = tempDir().path;
  for (const isClosed of [true, false]) {
    const { code, report } = await verified(await goldenImage(isClosed), folder);
    assert.equal(code, 0);
    assert.equal(report.sound, true);
    assert.deepEqual(
      report.tables.map(({ name, rows, rowsLost }: Record<string, unknown>) => [name, rows, rowsLost]),
      ['lathe', 'oven', 'press'].map((name) => [name, isClosed ? ROWS : ROWS_OF_OPEN, 0]),
    );
  }
});

test('verify names the table, the block, the column and the rows of a damage, ends with 4, and --repair saves the rest', async () => {
  const image = await goldenImage(true);
  const folder = tempDir().path;
  // A block begins with its header; its last column's bytes are in front of the next block.
  const cases = [
    { what: 'block', bytes: damage(image, 'MBk1', 5, 20) },
    { what: 'column', bytes: damage(image, 'MBk1', 5, 900) },
    { what: 'index', bytes: await damagedIndex(image, folder) },
  ];
  for (const { what, bytes } of cases) {
    const out = join(folder, `${what}.ntt`);
    const { code, report } = await verified(bytes, folder, '--repair', out);
    assert.equal(code, 4, what);
    const [finding] = report.findings;
    assert.equal(report.findings.length, 1);
    assert.equal(finding.kind, what);
    assert.ok(['press', 'lathe', 'oven'].includes(finding.table) && finding.rowsLost > 0);
    if (what === 'column') assert.ok(['a', 'b', 'state', 'count', 'raw'].includes(finding.column));
    const whole = join(folder, 'whole.ntt');
    writeFileSync(whole, image);
    const before = await NanoTsDbShared.open(whole, { readOnly: true });
    const copy = await NanoTsDbShared.open(out, { readOnly: true });
    for (const name of copy.listTables()) {
      const [old, saved] = [await before.table(name).query(), await copy.table(name).query()];
      const lost = what === 'block' && name === finding.table ? finding.rowsLost : 0;
      assert.equal(saved.rowCount, old.rowCount - lost, `${what}: rows of "${name}"`);
      if (name !== finding.table || what === 'index') assert.deepEqual(saved, old);
      else if (what === 'column') {
        const nulls = saved.validity[finding.column]!;
        const count = Array.from({ length: saved.rowCount }, (_, i) => (nulls[i >> 3]! >> (i & 7)) & 1);
        assert.ok(count.filter((bit) => bit === 0).length >= finding.rowsLost);
        for (const column of ['a', 'state', 'count', 'raw'].filter((other) => other !== finding.column))
          assert.deepEqual(saved.columns[column], old.columns[column]);
      }
    }
    await before.close();
    await copy.close();
    assert.equal((await verified(readFileSync(out), folder)).code, 0, 'the copy is sound');
  }
});

test('verify --repair never writes into a file that is there, and refuses what is no database', async () => {
  const folder = tempDir().path;
  const image = await goldenImage(true);
  const there = join(folder, 'there.ntt');
  writeFileSync(there, 'mine');
  const { code, err } = await verified(image, folder, '--repair', there);
  assert.equal(code, 2);
  assert.match(err, /INVALID_OPTION/);
  assert.equal(readFileSync(there, 'utf8'), 'mine');
  const { code: refused, err: why } = await verified(
    new Uint8Array(20_000),
    folder,
    '--repair',
    join(folder, 'x'),
  );
  assert.equal(refused, 1);
  assert.match(why, /NOT_A_DATABASE/);
  assert.equal(existsSync(join(folder, 'x')), false);
});

test('diagnose shows the tail that a crash left unfinished, and ends with 0', async () => {
  const path = join(tempDir().path, 'plant.ntt');
  const image = await goldenImage(false);
  // The last frame of the log is cut in its middle, as a power cut does.
  const last = Buffer.from(image).lastIndexOf('MLf1');
  writeFileSync(path, image.slice().fill(0, last + 80, last + 120));
  const { code, out } = await cli('diagnose', path, '--json');
  assert.equal(code, 0);
  const { recovery } = JSON.parse(out);
  assert.ok(recovery.droppedBytes > 0);
  assert.deepEqual(recovery.damage, []);
});

test('torture kills a writing process and finds nothing lost', async () => {
  const { code, out } = await cli('torture', tempDir().path, '--kills', '3', '--seed', '11', '--json');
  assert.equal(code, 0);
  assert.equal(JSON.parse(out).kills, 3);
});
