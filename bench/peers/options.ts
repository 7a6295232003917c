import { parseArgs } from 'node:util';
import { W_BATCH_ROWS } from '../workload/workload-w.ts';
import { CONTESTANTS, type ContestantName, WORKS, type Work } from './contract.ts';
import { isJava, isPython } from './roster.ts';

/** What the command line asks for. */
export interface PeersOptions {
  readonly rounds: number;
  readonly tables: number;
  readonly rowsPerTable: number;
  readonly seed: number;
  /** Rows a table of the untimed warm-up; 0 for none. */
  readonly warmUpRows: number;
  readonly works: readonly Work[];
  readonly contestants: readonly ContestantName[];
  /** File for the figures, or undefined. */
  readonly json: string | undefined;
  /** Folder on the disk to be measured. */
  readonly folder: string | undefined;
}

export const USAGE = `npm run bench:peers -- [options]

  --rounds N            rounds, each contestant once in each (5)
  --rows N              rows of each table (250000)
  --tables N            tables (8)
  --seed N              seed of the rows (1)
  --warm-up N           rows of each of as many other tables that each database takes first, untimed (1000000; 0: none)
  --only w1|w2|w4       row by row, in batches of ${W_BATCH_ROWS} rows, or bytes after compaction, once (all)
  --contestants A,B     of ${CONTESTANTS.join(', ')}
                        (all that install; those of Python with --python, of Java with --java)
  --python              also ${CONTESTANTS.filter(isPython).join(', ')}: makes a virtual environment below dist, 250 MB
  --java                also ${CONTESTANTS.filter(isJava).join(', ')}: fetches it by Maven, 30 MB; takes Java 17
  --json FILE           write every figure to FILE
  --dir FOLDER          put the databases there (dist, on the checkout's disk)

Ends with 0 if every answer was right, 1 if one was wrong or a contestant failed, 2 if there was no measuring.`;

/** A command line that cannot be done; the message names the word. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** Reads the command line; undefined when it asks for help. */
export function readOptions(words: readonly string[]): PeersOptions | undefined {
  const { values } = parse(words);
  if (values.help) return undefined;
  return {
    rounds: whole('rounds', values.rounds),
    rowsPerTable: whole('rows', values.rows),
    tables: whole('tables', values.tables),
    seed: whole('seed', values.seed),
    warmUpRows: whole('warm-up', values['warm-up'], 0),
    works: values.only === undefined ? WORKS : [oneOf('only', values.only.toLowerCase(), WORKS)],
    contestants:
      values.contestants === undefined
        ? CONTESTANTS.filter((name) => (values.python || !isPython(name)) && (values.java || !isJava(name)))
        : values.contestants.split(',').map((name) => oneOf('contestants', name, CONTESTANTS)),
    json: values.json,
    folder: values.dir,
  };
}

function parse(words: readonly string[]) {
  try {
    return parseArgs({
      args: [...words],
      options: {
        rounds: { type: 'string', default: '5' },
        rows: { type: 'string', default: '250000' },
        tables: { type: 'string', default: '8' },
        seed: { type: 'string', default: '1' },
        'warm-up': { type: 'string', default: '1000000' },
        only: { type: 'string' },
        contestants: { type: 'string' },
        python: { type: 'boolean', default: false },
        java: { type: 'boolean', default: false },
        json: { type: 'string' },
        dir: { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function whole(name: string, word: string, least = 1): number {
  const value = Number(word);
  if (!Number.isSafeInteger(value) || value < least) {
    throw new UsageError(`--${name} takes a whole number from ${least}, not ${JSON.stringify(word)}`);
  }
  return value;
}

function oneOf<T extends string>(name: string, word: string, choices: readonly T[]): T {
  const found = choices.find((choice) => choice === word);
  if (found === undefined)
    throw new UsageError(`--${name} takes ${choices.join(', ')}, not ${JSON.stringify(word)}`);
  return found;
}
