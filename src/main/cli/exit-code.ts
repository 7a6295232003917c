import type { ErrorCode } from '../../shared/errors.ts';

/** What the process ends with; documented in `millrace --help`. */
export const EXIT = {
  ok: 0,
  /** The database or a file failed. */
  failure: 1,
  /** The command line itself is wrong. */
  usage: 2,
  /** The file to ingest is wrong. */
  badInput: 3,
  /** The database can be read, but part of it is damaged: verify, diagnose. */
  damaged: 4,
  /** Ctrl-C; 128 + SIGINT, as shells have it. */
  interrupted: 130,
} as const;

/** The exit code for an error. */
export function exitCodeOf(code: ErrorCode): number {
  if (code === 'BAD_INPUT_FILE') return EXIT.badInput;
  return code === 'INVALID_OPTION' ? EXIT.usage : EXIT.failure;
}
