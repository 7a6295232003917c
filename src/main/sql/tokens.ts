import { MillraceError, show } from '../../shared/errors.ts';

/** What a piece of SQL text is. Comments and white space are no tokens. */
export type TokenKind = 'word' | 'quoted' | 'string' | 'number' | 'parameter' | 'symbol';

/** One piece of SQL text. */
export interface Token {
  readonly kind: TokenKind;
  /** As it stands in the text. */
  readonly text: string;
  /** What it says: a quoted name or a string without its quotes; else as `text`. */
  readonly value: string;
  readonly from: number;
  readonly to: number;
}

const WORD = /[\p{L}_][\p{L}\p{N}_$]*/uy;
const NUMBER = /(?:\d[\d_]*\.?\d*|\.\d+)(?:[eE][+-]?\d+)?/y;
const PARAMETER = /\?\d*|\$(?:\d+|[\p{L}_][\p{L}\p{N}_]*)/uy;
const DOLLAR_QUOTE = /\$(?:[\p{L}_][\p{L}\p{N}_]*)?\$/uy;
const LINE_COMMENT = /--[^\n]*/y;
const SPACE = /\s+/y;

/**
 * Takes SQL text apart, as DuckDB does, and with names in backticks as well.
 * @throws SQL_ERROR for a quote or comment that has no end
 */
export function tokenize(sql: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  const match = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    return pattern.exec(sql)?.[0];
  };
  const push = (kind: TokenKind, length: number, value?: string): void => {
    const text = sql.slice(at, at + length);
    tokens.push({ kind, text, value: value ?? text, from: at, to: at + length });
    at += length;
  };
  while (at < sql.length) {
    const skipped = match(SPACE) ?? match(LINE_COMMENT);
    if (skipped !== undefined) {
      at += skipped.length;
      continue;
    }
    const first = sql[at]!;
    if (sql.startsWith('/*', at)) at = endOfComment(sql, at);
    else if (first === "'") {
      const end = endOfQuote(sql, at, "'", false);
      push('string', end - at, sql.slice(at + 1, end - 1).replaceAll("''", "'"));
    } else if ((first === 'e' || first === 'E') && sql[at + 1] === "'") {
      const end = endOfQuote(sql, at + 1, "'", true);
      push('string', end - at, unescapeText(sql.slice(at + 2, end - 1)));
    } else if (first === '"' || first === '`') {
      const end = endOfQuote(sql, at, first, false);
      push('quoted', end - at, sql.slice(at + 1, end - 1).replaceAll(first + first, first));
    } else {
      const tag = match(DOLLAR_QUOTE);
      const parameter = tag === undefined ? match(PARAMETER) : undefined;
      const word = match(WORD);
      const number = match(NUMBER);
      if (tag !== undefined) {
        const end = sql.indexOf(tag, at + tag.length);
        if (end < 0) throw endless('string', at);
        push('string', end + tag.length - at, sql.slice(at + tag.length, end));
      } else if (parameter !== undefined) push('parameter', parameter.length);
      else if (word !== undefined) push('word', word.length);
      else if (number !== undefined) push('number', number.length);
      else push('symbol', String.fromCodePoint(sql.codePointAt(at)!).length);
    }
  }
  return tokens;
}

/** The same text with names in backticks in double quotes, as DuckDB wants them. */
export function withDoubleQuotes(sql: string, tokens: readonly Token[]): string {
  let result = '';
  let at = 0;
  for (const { kind, text, value, from, to } of tokens) {
    if (kind !== 'quoted' || text[0] !== '`') continue;
    result += sql.slice(at, from) + quoteName(value);
    at = to;
  }
  return result + sql.slice(at);
}

/** A name in double quotes. */
export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function endOfQuote(sql: string, from: number, quote: string, hasEscapes: boolean): number {
  for (let at = from + 1; at < sql.length; at++) {
    if (hasEscapes && sql[at] === '\\') at++;
    else if (sql[at] === quote) {
      if (sql[at + 1] !== quote) return at + 1;
      at++;
    }
  }
  throw endless(quote === "'" ? 'string' : 'name', from);
}

/** Comments nest. */
function endOfComment(sql: string, from: number): number {
  let depth = 0;
  for (let at = from; at < sql.length; at++) {
    if (sql.startsWith('/*', at)) {
      depth++;
      at++;
    } else if (sql.startsWith('*/', at)) {
      depth--;
      at++;
      if (depth === 0) return at + 1;
    }
  }
  throw endless('comment', from);
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', b: '\b', f: '\f' };

function unescapeText(text: string): string {
  return text.replace(/\\(.)|''/gs, (all, escaped?: string) =>
    escaped === undefined ? (all === "''" ? "'" : all) : (ESCAPES[escaped] ?? escaped),
  );
}

function endless(what: string, at: number): MillraceError {
  return new MillraceError(
    'SQL_ERROR',
    `the ${what} that begins at character ${at + 1} has no end; close it`,
    {
      position: at + 1,
      what: show(what),
    },
  );
}
