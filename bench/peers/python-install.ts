import { copyFileSync, existsSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PEERS_FOLDER } from './install.ts';
import { failureOf } from './run-command.ts';

/** Made by the bench; nothing else knows of it. */
const ENVIRONMENT = fileURLToPath(new URL('../../bench-python', import.meta.url));
export const PYTHON_FOLDER = join(PEERS_FOLDER, 'python');
const REQUIREMENTS = join(PYTHON_FOLDER, 'requirements.txt');
const STAMP = join(ENVIRONMENT, 'requirements.txt');
const IS_WINDOWS = process.platform === 'win32';

/** The virtual environment's own Python. */
export const PYTHON = join(ENVIRONMENT, IS_WINDOWS ? 'Scripts/python.exe' : 'bin/python');

/** Makes a virtual environment with the Python peers on first use; false, with a line that says why, where that cannot be done. */
export function ensurePython(log: (line: string) => void): boolean {
  const wanted = readFileSync(REQUIREMENTS, 'utf8');
  if (existsSync(STAMP) && readFileSync(STAMP, 'utf8') === wanted) return true;
  log(`installing ${wanted.trim().replaceAll('\n', ', ')} into ${ENVIRONMENT} …`);
  rmSync(ENVIRONMENT, { recursive: true, force: true });
  const system = process.env['MILLRACE_PYTHON'] ?? (IS_WINDOWS ? 'python' : 'python3');
  const trouble =
    failureOf(system, '-m', 'venv', ENVIRONMENT) ??
    // No compiling: a peer without a build for this platform is left out with the others.
    failureOf(PYTHON, '-m', 'pip', 'install', '--only-binary', ':all:', '-r', REQUIREMENTS);
  if (trouble === undefined) {
    copyFileSync(REQUIREMENTS, STAMP);
    return true;
  }
  log(`the Python peers do not install here and are left out: ${trouble}`);
  return false;
}
