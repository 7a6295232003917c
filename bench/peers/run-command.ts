import { spawnSync } from 'node:child_process';

/** Runs a command. @returns what it said if it failed: the end of its errors, or else the beginning of what it printed */
export function failureOf(command: string, ...words: string[]): string | undefined {
  const { error, signal, status, stderr, stdout } = spawnSync(command, words, { encoding: 'utf8' });
  if (status === 0) return undefined;
  const errors = (stderr ?? '').trim().split('\n').slice(-3).join('\n');
  const printed = (stdout ?? '').trim().split('\n').slice(0, 3).join('\n');
  return errors || printed || (error?.message ?? `${command} ended with ${signal ?? status}`);
}
