import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The peers' own package in the source tree, as seen from dist/bench/peers. */
export const PEERS_FOLDER = fileURLToPath(new URL('../../../bench/peers', import.meta.url));

/** Why the peers cannot be measured here. The message says what to do about it. */
export class PeersUnavailableError extends Error {
  override readonly name = 'PeersUnavailableError';
}

/**
 * Makes better-sqlite3 usable: installs it when the pinned version is not there or does not load.
 * @param all also install the engines that only the reads are compared with, where they install: some 100 MB
 */
export function ensurePeers(log: (line: string) => void, all = false): void {
  const isComplete = !all || OPTIONAL.some((name) => existsSync(join(PEERS_FOLDER, 'node_modules', name)));
  if (isComplete && isInstalled() && probe() === '') return;
  log(`installing better-sqlite3 ${pinned()} into bench/peers; where it has to be compiled, some minutes …`);
  let output = npm('ci', '--no-audit', '--no-fund', ...(all ? [] : ['--omit=optional']));
  if (isInstalled() && probe() !== '') {
    // npm goes on silently without install scripts that a setting forbids; asked for this one by name, it says why.
    output += npm('rebuild', 'better-sqlite3', '--foreground-scripts');
  }
  const trouble = isInstalled() ? probe() : 'npm ci failed';
  if (trouble === '') return;
  throw new PeersUnavailableError(
    [
      `better-sqlite3 ${pinned()} cannot be used here: ${trouble}`,
      '',
      ...lastLines(output, 30),
      '',
      'Where no prebuilt binary can be downloaded, npm compiles it. That takes a C++ compiler, make, Python 3 and the',
      "headers of Node; if these lie outside of node-gyp's own cache, npm_config_nodedir names the folder that holds",
      "include/node. npm's setting ignore-scripts must be off for it. To try by hand:",
      `  cd ${PEERS_FOLDER} && npm ci && npm rebuild better-sqlite3 --foreground-scripts`,
    ].join('\n'),
  );
}

/** Engines that only the reads are compared with: prebuilt, and left out where there is no build for the platform. */
const OPTIONAL = ['@duckdb/node-api', 'lmdb'];

/** The engines that can be loaded here, by their names in the reading bench. */
export function installedPeers(): Set<string> {
  const names = { 'better-sqlite3': 'better-sqlite3', duckdb: '@duckdb/node-api', lmdb: 'lmdb' };
  const loads = (name: string): boolean =>
    spawnSync(process.execPath, ['-e', `require('${name}')`], { cwd: PEERS_FOLDER }).status === 0;
  return new Set(Object.entries(names).flatMap(([own, name]) => (loads(name) ? [own] : [])));
}

function pinned(): string {
  const file = JSON.parse(readFileSync(join(PEERS_FOLDER, 'package.json'), 'utf8')) as {
    dependencies: Record<string, string>;
  };
  return file.dependencies['better-sqlite3']!;
}

function isInstalled(): boolean {
  const path = join(PEERS_FOLDER, 'node_modules', 'better-sqlite3', 'package.json');
  if (!existsSync(path)) return false;
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version === pinned();
}

/** Opens a database in a process of its own, as a binary of another Node could crash; '' when all is well. */
function probe(): string {
  const script = "new (require('better-sqlite3'))(':memory:').close()";
  const run = spawnSync(process.execPath, ['-e', script], { cwd: PEERS_FOLDER, encoding: 'utf8' });
  if (run.status === 0) return '';
  return (
    run.stderr.split('\n').find((line) => line.includes('Error')) ??
    `it ends with ${run.signal ?? run.status}`
  );
}

/** Runs npm in the peers' folder and gives back what it printed. */
function npm(...words: string[]): string {
  const isWindows = process.platform === 'win32';
  const run = spawnSync(isWindows ? 'npm.cmd' : 'npm', words, {
    cwd: PEERS_FOLDER,
    encoding: 'utf8',
    env: environment(),
    maxBuffer: 64 * 1024 * 1024,
    shell: isWindows,
  });
  return `${run.stdout ?? ''}${run.stderr ?? ''}${run.error?.message ?? ''}`;
}

/** This process's environment; tells node-gyp of headers that came with this Node, so that it downloads none. */
function environment(): NodeJS.ProcessEnv {
  const prefix = dirname(dirname(process.execPath));
  const hasHeaders = existsSync(join(prefix, 'include', 'node', 'node.h'));
  const env: NodeJS.ProcessEnv = { ...process.env };
  // `npm run` hands its own project's folder down, which an npm in another folder must not take for its own.
  delete env['npm_config_local_prefix'];
  if (hasHeaders) env['npm_config_nodedir'] ??= prefix;
  return env;
}

function lastLines(text: string, count: number): string[] {
  return text.trimEnd().split('\n').slice(-count);
}
