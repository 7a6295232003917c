import { MillraceError, show } from '../../shared/errors.ts';
import { type Token, tokenize, withDoubleQuotes } from './tokens.ts';

/** One SQL statement, taken apart as far as it must be to know who runs it. */
export interface Statement {
  readonly kind: 'read' | 'explain' | 'create' | 'insert';
  /** As DuckDB takes it: names in double quotes, without the semicolon at the end. */
  readonly text: string;
  /** What an EXPLAIN explains; else the same as `text`. */
  readonly inner: string;
  readonly tokens: readonly Token[];
  /** Whether DuckDB can show a plan of it; it makes several statements of a PIVOT. */
  readonly hasPlan: boolean;
}

const READS = [
  'SELECT',
  'WITH',
  'FROM',
  'VALUES',
  'TABLE',
  'PIVOT',
  'UNPIVOT',
  'DESCRIBE',
  'DESC',
  'SUMMARIZE',
  'SHOW',
];
const PLANLESS = ['PIVOT', 'UNPIVOT', 'DESCRIBE', 'DESC', 'SUMMARIZE', 'SHOW'];

/**
 * Reads a text that must be one statement.
 * @throws SQL_ERROR if it is none, more than one, or of a kind that Millrace does not run; INVALID_OPTION if it is no text
 */
export function parseStatement(sql: unknown): Statement {
  if (typeof sql !== 'string') {
    throw new MillraceError('INVALID_OPTION', `the statement is ${show(sql)}; it must be a string`);
  }
  const tokens = tokenize(sql);
  while (isSymbol(tokens.at(-1), ';')) tokens.pop();
  const first = tokens[0];
  if (first === undefined)
    throw new MillraceError('SQL_ERROR', 'the statement is empty; give one', { sql: '' });
  const semicolon = tokens.find((token) => isSymbol(token, ';'));
  if (semicolon !== undefined) {
    throw new MillraceError(
      'SQL_ERROR',
      `there is more than one statement (a ";" at character ${semicolon.from + 1}); run them one by one`,
      { position: semicolon.from + 1 },
    );
  }
  const text = withDoubleQuotes(sql.slice(0, tokens.at(-1)!.to), tokens);
  const word = isSymbol(first, '(') ? 'SELECT' : upper(first);
  const hasPlan = !PLANLESS.includes(word) && !tokens.some((token) => /^(UN)?PIVOT$/.test(upper(token)));
  if (READS.includes(word)) return { kind: 'read', text, inner: text, tokens, hasPlan };
  if (word === 'EXPLAIN') {
    const inner = explained(tokens);
    const innerWord = upper(tokens[inner]);
    if (!READS.includes(innerWord) && !isSymbol(tokens[inner], '(')) throw notRun(innerWord);
    const innerText = withDoubleQuotes(
      sql.slice(tokens[inner]!.from, tokens.at(-1)!.to),
      tokens.slice(inner).map((token) => ({
        ...token,
        from: token.from - tokens[inner]!.from,
        to: token.to - tokens[inner]!.from,
      })),
    );
    return {
      kind: 'explain',
      text,
      inner: innerText,
      tokens,
      hasPlan: hasPlan && !PLANLESS.includes(innerWord),
    };
  }
  if (word === 'CREATE' || word === 'INSERT') {
    return { kind: word === 'CREATE' ? 'create' : 'insert', text, inner: text, tokens, hasPlan: false };
  }
  throw notRun(word);
}

/** A token as a keyword; '' for anything but a bare word. */
export function upper(token: Token | undefined): string {
  return token?.kind === 'word' ? token.text.toUpperCase() : '';
}

export function isSymbol(token: Token | undefined, symbol: string): boolean {
  return token?.kind === 'symbol' && token.text === symbol;
}

/** Where the statement begins that an EXPLAIN explains: behind ANALYZE and options in parentheses. */
function explained(tokens: readonly Token[]): number {
  let at = 1;
  if (upper(tokens[at]) === 'ANALYZE') at++;
  if (isSymbol(tokens[at], '(') && /^(FORMAT|ANALYZE)$/.test(upper(tokens[at + 1]))) {
    while (at < tokens.length && !isSymbol(tokens[at], ')')) at++;
    at++;
  }
  if (at >= tokens.length)
    throw new MillraceError('SQL_ERROR', 'EXPLAIN of nothing; give a statement behind it');
  return at;
}

function notRun(word: string): MillraceError {
  return new MillraceError(
    'SQL_ERROR',
    `${word === '' ? 'this' : word} is no statement that Millrace runs; it runs SELECT and what reads (WITH, FROM, VALUES, PIVOT, DESCRIBE, SUMMARIZE, SHOW, EXPLAIN), CREATE TABLE, and INSERT INTO … VALUES`,
    { statement: word },
  );
}
