// Runs the compiled tests with node:test. `--long` runs those in *.long.js as well; other words are file filters.
import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const words = process.argv.slice(2);
const long = words.includes('--long');
const filters = words.filter((word) => !word.startsWith('--'));

/** Every compiled test below `folder`. */
function testsIn(folder) {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return testsIn(path);
    return name.endsWith('.test.js') || (long && name.endsWith('.long.js')) ? [path] : [];
  });
}

const files = testsIn(join(root, 'dist', 'test')).filter(
  (path) => filters.length === 0 || filters.some((filter) => path.includes(filter)),
);
if (files.length === 0) {
  console.error('no test matches');
  process.exit(1);
}
const run = spawnSync(
  process.execPath,
  ['--enable-source-maps', '--test', `--test-concurrency=${availableParallelism()}`, ...files],
  {
    cwd: root,
    stdio: 'inherit',
  },
);
process.exit(run.status ?? 1);
