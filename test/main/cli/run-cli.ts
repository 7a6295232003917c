import { type ChildProcess, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The command line as users run it; this file is dist/test/main/cli/run-cli.js then. */
const MAIN = fileURLToPath(new URL('../../../src/main/cli/main.js', import.meta.url));

/** What a finished process left. */
export interface Outcome {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

/** Runs `millrace` with the given arguments, its output not on a terminal. */
export function cli(...args: string[]): Promise<Outcome> {
  return startCli(args).outcome;
}

/** Starts `millrace`, so that it can be sent a signal. */
export function startCli(args: readonly string[]): { child: ChildProcess; outcome: Promise<Outcome> } {
  const child = spawn(process.execPath, [MAIN, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  let out = '';
  let err = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    out += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    err += text;
  });
  const outcome = new Promise<Outcome>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code, signal) => resolve({ code, signal, out, err }));
  });
  return { child, outcome };
}
