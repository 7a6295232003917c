// Compiles every room into dist/, which mirrors the source tree; only what changed is compiled again.
import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
try {
  execFileSync(process.execPath, [join(root, 'node_modules', 'typescript', 'bin', 'tsc'), '-b'], {
    cwd: root,
    stdio: 'inherit',
  });
} catch {
  process.exit(1);
}
const cli = join(root, 'dist', 'src', 'main', 'cli', 'main.js');
if (existsSync(cli)) chmodSync(cli, 0o755);
