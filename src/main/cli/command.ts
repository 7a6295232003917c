import { parseArgs } from 'node:util';
import { MillraceError } from '../../shared/errors.ts';
import type { TextStream } from './output.ts';

/** The outside world of a command. */
export interface Io {
  readonly out: TextStream;
  readonly err: TextStream;
}

/** One subcommand of `millrace`. */
export interface Command {
  readonly name: string;
  /** One line for the overall help. */
  readonly summary: string;
  readonly help: string;
  /** Does it; resolves to the exit code. Throws MillraceError. */
  run(args: readonly string[], io: Io): Promise<number>;
}

/** A mistake in the command line: INVALID_OPTION, which ends the process with exit code 2. */
export function usageError(message: string, details: Record<string, unknown> = {}): MillraceError {
  return new MillraceError('INVALID_OPTION', message, details);
}

type Options = Readonly<Record<string, { type: 'string' | 'boolean'; short?: string; multiple?: boolean }>>;
type Parsed<O extends Options> = ReturnType<
  typeof parseArgs<{ args: string[]; options: O; allowPositionals: true; strict: true }>
>;

/** Takes a command line apart. `positionals` names what must stand without a dash; in brackets: may be left out. */
export function parseCommandLine<const O extends Options>(
  command: string,
  args: readonly string[],
  options: O,
  positionals: readonly string[],
): Parsed<O> {
  const parsed = parse(command, args, options);
  const needed = positionals.filter((name) => !name.startsWith('['));
  const given = parsed.positionals;
  if (given.length < needed.length) {
    throw usageError(`${needed.slice(given.length).join(' and ')} missing; see millrace ${command} --help`);
  }
  if (given.length > positionals.length) {
    throw usageError(
      `${JSON.stringify(given[positionals.length])} is one argument too many; see millrace ${command} --help`,
      {
        argument: given[positionals.length],
      },
    );
  }
  return parsed;
}

function parse<const O extends Options>(command: string, args: readonly string[], options: O): Parsed<O> {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (cause) {
    if (!(cause instanceof TypeError)) throw cause;
    // the first sentence says it; the rest is about positional arguments
    const said = cause.message.split(/\. |\n/)[0]!.replace(/^./, (first) => first.toLowerCase());
    throw new MillraceError('INVALID_OPTION', `${said}; see millrace ${command} --help`, {}, cause);
  }
}
