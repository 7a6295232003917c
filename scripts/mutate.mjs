// Breaks safety-critical lines one at a time, in a copy of this folder, and says whether some test fails for each.
// Usage: node scripts/mutate.mjs [WORDS of a name …] (after npm run build). The list with its results is in docs/safety.md.
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A run that takes longer hangs. */
const LIMIT_MS = 240_000;

const root = join(dirname(fileURLToPath(import.meta.url)), '..');

/** name, file, what stands there, what takes its place, the test file of which one must fail, and which of its tests */
const MUTATIONS = [
  [
    'a commit is acknowledged without its fsync',
    'src/workers/writer/writer.ts',
    "    this.storage.sync();\n    this.at('synced');",
    "    this.storage.length();\n    this.at('synced');",
    'crash/explorer-log',
    'a trickle of rows',
  ],
  [
    'blocks are written after the frame that refers to them was synced',
    'src/workers/writer/writer.ts',
    ["    this.data.write();\n    this.at('data written');", '    this.newDefinitions.length = 0;'],
    ["    this.at('data written');", '    this.data.write();\n    this.newDefinitions.length = 0;'],
    'crash/explorer-log',
    'batches',
  ],
  [
    'the superblock is switched before the pages are synced',
    'src/workers/coordinator/checkpoint.ts',
    '  storage.write(buffer, extent.offset);\n  storage.sync();',
    '  storage.write(buffer, extent.offset);',
    'crash/explorer-checkpoints',
    'flushes',
  ],
  [
    'the superblock is not synced after the switch',
    'src/workers/coordinator/checkpoint.ts',
    '  storage.write(encodeSuperblock(superblock), superblockOffset(sequence));\n  storage.sync();',
    '  storage.write(encodeSuperblock(superblock), superblockOffset(sequence));',
    'crash/explorer-maintenance',
    'packs, retention',
  ],
  [
    'space is reused one checkpoint too early',
    'src/workers/coordinator/reuse.ts',
    'this.space.settle(limit, inputs);',
    'this.space.settle(limit + 1, inputs);',
    'engine/recovery-damage',
    'superblock alone',
  ],
  [
    'a column is read without its checksum',
    'src/shared/format/block.ts',
    'if (checksum(bytes, this.headView.getUint32(12, true)) !== this.headView.getUint32(entry + 16, true)) {',
    'if (bytes.length === 1) {',
    'damage/flips-1',
  ],
  [
    'a frame is read without its checksum',
    'src/shared/format/frame.ts',
    'return viewOf(header).getUint32(28, true) === checksum(payload, salt.seed);',
    'return header.length + payload.length + salt.seed > 0;',
    'crash/explorer-log',
    'batches',
  ],
  [
    'recovery takes a commit whose blocks are torn',
    'src/shared/recovery/walk-log.ts',
    '!blocksSound(storage, payload)',
    '!blocksSound(storage, { ...payload, blocks: [] })',
    'crash/explorer-log',
    'batches',
  ],
  [
    'recovery does not write unsynced blocks again',
    'src/workers/coordinator/rewrite-unsynced.ts',
    'for (const { offset, bytes } of unsyncedBlocks) {',
    'for (const { offset, bytes } of unsyncedBlocks.slice(0, 0)) {',
    'crash/io-faults-log',
  ],
  [
    'a failed read is taken for damage',
    'src/shared/errors.ts',
    "if (MillraceError.is(error) && error.code === 'IO_ERROR') throw error;",
    "if (MillraceError.is(error) && error.code === 'CLOSED') throw error;",
    'crash/io-faults-reads',
  ],
  [
    'a sync is answered by what was known before it was asked for',
    'src/workers/writer/writer.ts',
    "    const wanted = Atomics.load(this.shared.control.words, this.word + W_SYNC_WANTED);\n    this.takeMessages();\n    this.at('messages taken');\n",
    "    this.takeMessages();\n    this.at('messages taken');\n    const wanted = Atomics.load(this.shared.control.words, this.word + W_SYNC_WANTED);\n",
    'engine/new-producer',
  ],
  [
    'both superblocks go to one place',
    'src/shared/format/superblock.ts',
    'return sequence % 2 === 0 ? 0 : SUPERBLOCK_BYTES;',
    'return sequence < 0 ? 0 : SUPERBLOCK_BYTES;',
    'crash/explorer-checkpoints',
    'flushes',
  ],
  [
    'what a checkpoint lets go of is used at once',
    'src/workers/coordinator/checkpoint.ts',
    'for (const range of freed) space.free({ offset: range.offset, bytes: align8(range.bytes) }, sequence);',
    'for (const range of freed) space.free({ offset: range.offset, bytes: align8(range.bytes) }, sequence * 0);',
    'engine/recovery-damage',
    'superblock alone',
  ],
  [
    "with durability 'none' a writer's successor takes what it finds for synced",
    'src/workers/writer/take-over.ts',
    '  storage.sync();\n',
    "  if (options.durability !== 'none') storage.sync();\n",
    'engine/writer-death',
    'durability .none',
  ],
  [
    'the failed sync of a maintenance task is only reported',
    'src/workers/coordinator/packs.ts',
    "if (error.details['call'] === 'fdatasync') throw error;",
    "if (error.details['call'] === 'fsync') throw error;",
    'engine/task-faults',
  ],
  [
    'an append looks at the database only before its row is published',
    'src/main/writable-database.ts',
    'if (this.alwaysDurable || !isOpen) this.settle',
    'if (this.alwaysDurable || (!isOpen && this.alwaysDurable)) this.settle',
    'engine/threads',
    'at whichever moment',
  ],
  [
    'an index page that moves to the front is not told of in the page above',
    'src/shared/index/index-editor.ts',
    'if (child !== undefined && this.markFrom(child, offset)) at.dirty = true;',
    'if (child !== undefined) this.markFrom(child, offset);',
    'shared/index/index-editor',
    'whichever pages',
  ],
];

// Below this folder, so that packages and their types are found as here.
const folder = mkdtempSync(join(root, 'dist', 'mutate-'));
for (const name of ['src', 'test', 'bench', 'types', 'package.json', 'tsconfig.json', 'tsconfig.base.json'])
  cpSync(join(root, name), join(folder, name), { recursive: true, preserveTimestamps: true });
for (const name of readdirSync(join(root, 'dist')).filter((each) => !each.startsWith('mutate-')))
  cpSync(join(root, 'dist', name), join(folder, 'dist', name), { recursive: true, preserveTimestamps: true });
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));

const words = process.argv.slice(2);
let survivors = 0;
for (const [name, file, before, after, tests, pattern] of MUTATIONS) {
  if (words.length > 0 && !words.some((word) => name.includes(word))) continue;
  const path = join(folder, file);
  const text = readFileSync(path, 'utf8');
  let mutated = text;
  for (const [i, part] of [before].flat().entries()) {
    if (mutated.split(part).length !== 2) throw new Error(`${file} has not exactly one place for "${name}"`);
    mutated = mutated.replace(part, () => [after].flat()[i]);
  }
  // A test that fails anyway notices nothing.
  if (run(tests, pattern) !== 'survived') throw new Error(`${tests} fails as it is`);
  writeFileSync(path, mutated);
  const outcome = run(tests, pattern);
  writeFileSync(path, text);
  if (outcome === 'survived') survivors++;
  console.log(`${outcome.padEnd(9)} ${name} (${tests})`);
}
process.exitCode = survivors > 0 ? 1 : 0;

/** Builds the copy and runs a test file, or those of its tests whose names have a pattern. */
function run(tests, pattern) {
  const options = { cwd: folder, encoding: 'utf8' };
  const build = spawnSync(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-b'], options);
  if (build.status !== 0) throw new Error(`a mutation does not compile: ${build.stdout}`);
  const test = ['--enable-source-maps', '--test', join(folder, 'dist/test', `${tests}.test.js`)];
  if (pattern !== undefined) test.splice(1, 0, `--test-name-pattern=${pattern}`);
  const { status, stdout, error } = spawnSync(process.execPath, test, { ...options, timeout: LIMIT_MS });
  // A test that never ends would fail by the limit of the whole run: it notices, but says less.
  if (error?.code === 'ETIMEDOUT') return 'hangs';
  if (!/^# pass [1-9]|^# fail [1-9]/m.test(stdout)) throw new Error(`no test of ${tests} ran: ${stdout}`);
  return status === 0 ? 'survived' : 'killed';
}
