// Compiles every room into dist/, which mirrors the source tree; only what changed is compiled again.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
try {
  buildKernels();
  run(join('typescript', 'bin', 'tsc'), ['-b']);
} catch {
  process.exit(1);
}
const cli = join(root, 'dist', 'src', 'main', 'cli', 'main.js');
if (existsSync(cli)) chmodSync(cli, 0o755);

/** Compiles the kernels from AssemblyScript to one WebAssembly module beside the code that loads it. */
function buildKernels() {
  const source = join(root, 'src', 'shared', 'kernels', 'assembly');
  const target = join(root, 'dist', 'src', 'shared', 'kernels');
  const module = join(target, 'kernels.wasm');
  const flags = ['-O3', '--noAssert', '--runtime', 'stub', '--enable', 'simd', '--importMemory'];
  // Vectors pass between the kernels' own functions, never to JavaScript, which is what it warns of.
  flags.push('--disableWarning', '112');
  const memory = ['--initialMemory', '6', '--maximumMemory', '6'];
  const hash = createHash('sha256').update([...flags, ...memory].join(' '));
  for (const name of readdirSync(source).sort()) hash.update(readFileSync(join(source, name)));
  const wanted = hash.digest('hex');
  const stamp = join(target, '.kernels');
  if (existsSync(module) && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) return;
  mkdirSync(target, { recursive: true });
  run(join('assemblyscript', 'bin', 'asc.js'), [join(source, 'index.ts'), '-o', module, ...flags, ...memory]);
  writeFileSync(stamp, wanted);
}

function run(tool, words) {
  execFileSync(process.execPath, [join(root, 'node_modules', tool), ...words], {
    cwd: root,
    stdio: 'inherit',
  });
}
