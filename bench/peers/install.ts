import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The peers' own package in the source tree, as seen from dist/bench/peers. */
export const PEERS_FOLDER = fileURLToPath(new URL('../../../bench/peers', import.meta.url));
const MODULES = join(PEERS_FOLDER, 'node_modules');
/** For which lock file, Node and platform the installation was tried, and why what is missing is missing. */
const STAMP = join(MODULES, '.millrace-peers.json');

/** Why nothing can be measured here. The message says what to do about it. */
export class PeersUnavailableError extends Error {
  override readonly name = 'PeersUnavailableError';
}

interface Stamp {
  readonly key: string;
  /** What npm or the loading of a package said, by the package's name. */
  readonly missing: Readonly<Record<string, string>>;
}

/**
 * Makes the peers usable: installs them on first use, or when the pinned versions, Node or the platform are others than then.
 * What does not install here is said each time and left out.
 * @param packages those that are wanted now; all are installed
 * @returns those of them that can be loaded
 * @throws PeersUnavailableError when some are wanted and there is none
 */
export function ensurePeers(packages: ReadonlySet<string>, log: (line: string) => void): ReadonlySet<string> {
  if (packages.size === 0) return packages;
  const { missing } = readStamp() ?? install(log);
  const usable = new Set([...packages].filter((name) => missing[name] === undefined));
  for (const name of packages) {
    if (missing[name] !== undefined)
      log(`${name} ${pinned()[name]} does not install here and is left out: ${missing[name]}`);
  }
  if (usable.size > 0) return usable;
  throw new PeersUnavailableError(`None of the peers can be used here. ${BY_HAND}`);
}

const BY_HAND = [
  'Where no prebuilt binary can be downloaded, npm compiles one. That takes a C++ compiler, make, Python 3 and the',
  "headers of Node; if these lie outside of node-gyp's own cache, npm_config_nodedir names the folder that holds",
  "include/node. npm's setting ignore-scripts must be off for it. To try by hand:",
  `  cd ${PEERS_FOLDER} && npm install --no-save --foreground-scripts`,
].join('\n');

function install(log: (line: string) => void): Stamp {
  const versions = Object.entries(pinned()).map(([name, version]) => `${name} ${version}`);
  log(
    `installing ${versions.join(', ')} into bench/peers, some 150 MB; what has to be compiled takes minutes …`,
  );
  let output = npm('ci');
  if (output.failed) {
    // A lock file written where a registry lacks some platforms' binaries has no entries for them, and ci then refuses
    // all of it. This takes the same versions, and what the lock does name by its checksums.
    output = npm('install', '--no-save');
  }
  const missing: Record<string, string> = {};
  for (const name of Object.keys(pinned())) {
    let trouble = troubleWith(name);
    // npm goes on silently without install scripts that a setting forbids or that fail; asked for one by name, it says why.
    if (trouble !== '' && existsSync(join(MODULES, name))) {
      output = npm('rebuild', name, '--foreground-scripts');
      trouble = troubleWith(name);
    }
    if (trouble === '') continue;
    missing[name] = trouble;
    log(lastLines(output.text, 30).join('\n'));
  }
  if (Object.keys(missing).length > 0) log(BY_HAND);
  const stamp: Stamp = { key: stampKey(), missing };
  if (existsSync(MODULES)) writeFileSync(STAMP, JSON.stringify(stamp));
  return stamp;
}

/** What was found when the same was installed here, or undefined: install. */
function readStamp(): Stamp | undefined {
  if (!existsSync(STAMP)) return undefined;
  const stamp = JSON.parse(readFileSync(STAMP, 'utf8')) as Stamp;
  if (stamp.key === stampKey()) return stamp;
  // An installation that is cut short must not look complete.
  rmSync(STAMP);
  return undefined;
}

function stampKey(): string {
  const hash = createHash('sha256');
  for (const name of ['package.json', 'package-lock.json'])
    hash.update(readFileSync(join(PEERS_FOLDER, name)));
  return `${hash.digest('hex')} ${process.platform} ${process.arch} ${process.versions.modules}`;
}

/** Every peer's package and its exact version. */
function pinned(): Readonly<Record<string, string>> {
  const file = JSON.parse(readFileSync(join(PEERS_FOLDER, 'package.json'), 'utf8')) as {
    optionalDependencies: Record<string, string>;
  };
  return file.optionalDependencies;
}

/** Loads a package in a process of its own, as a binary of another Node could crash; '' when all is well. */
function troubleWith(name: string): string {
  const path = join(MODULES, name, 'package.json');
  if (!existsSync(path)) return 'npm could not install it';
  const { version } = JSON.parse(readFileSync(path, 'utf8')) as { version: string };
  if (version !== pinned()[name]) return `npm installed ${version}`;
  // better-sqlite3 loads its binary with the first database.
  const script = `const it = require('${name}'); if ('${name}' === 'better-sqlite3') new it(':memory:').close()`;
  const run = spawnSync(process.execPath, ['-e', script], { cwd: PEERS_FOLDER, encoding: 'utf8' });
  if (run.status === 0) return '';
  return (
    run.stderr.split('\n').find((line) => line.includes('Error')) ??
    `it ends with ${run.signal ?? run.status}`
  );
}

/** Runs npm in the peers' folder and gives back what it printed. */
function npm(...words: string[]): { readonly failed: boolean; readonly text: string } {
  const isWindows = process.platform === 'win32';
  const run = spawnSync(isWindows ? 'npm.cmd' : 'npm', [...words, '--no-audit', '--no-fund'], {
    cwd: PEERS_FOLDER,
    encoding: 'utf8',
    env: environment(),
    maxBuffer: 64 * 1024 * 1024,
    shell: isWindows,
  });
  return {
    failed: run.status !== 0,
    text: `${run.stdout ?? ''}${run.stderr ?? ''}${run.error?.message ?? ''}`,
  };
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
