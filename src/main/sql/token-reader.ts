import { MillraceError } from '../../shared/errors.ts';
import { isSymbol, upper } from './statement.ts';
import type { Token } from './tokens.ts';

/** Reads tokens from left to right; what is not as expected is SQL_ERROR with its place. */
export class TokenReader {
  private readonly tokens: readonly Token[];
  private at = 0;

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens;
  }

  /** The next token; undefined at the end. */
  peek(ahead = 0): Token | undefined {
    return this.tokens[this.at + ahead];
  }

  next(): Token | undefined {
    return this.tokens[this.at++];
  }

  /** Demands a keyword. */
  word(keyword: string): void {
    if (!this.words(keyword)) throw this.expected(keyword);
  }

  /** Takes keywords if they all come next. */
  words(...keywords: readonly string[]): boolean {
    const here = keywords.every((keyword, i) => upper(this.peek(i)) === keyword);
    if (here) this.at += keywords.length;
    return here;
  }

  symbol(symbol: string): void {
    if (!this.takeSymbol(symbol)) throw this.expected(`"${symbol}"`);
  }

  takeSymbol(symbol: string): boolean {
    const here = isSymbol(this.peek(), symbol);
    if (here) this.at++;
    return here;
  }

  /** A name, bare or in quotes. */
  name(of: string): string {
    const token = this.peek();
    if (token?.kind !== 'word' && token?.kind !== 'quoted') throw this.expected(`the name of ${of}`);
    this.at++;
    return token.value;
  }

  /** The name of a type in capitals, with the number in parentheses behind it. */
  typeName(): { name: string; size: string | undefined } {
    const token = this.next();
    const name = upper(token);
    if (name === '') {
      this.at--;
      throw this.expected('a type');
    }
    this.words('PRECISION');
    this.words('VARYING');
    if (!this.takeSymbol('(')) return { name, size: undefined };
    const size = this.next()?.text;
    while (this.takeSymbol(',')) this.next();
    this.symbol(')');
    return { name, size };
  }

  end(): void {
    if (this.peek() !== undefined) throw this.expected('the end of the statement');
  }

  expected(what: string): MillraceError {
    const token = this.peek();
    return this.error(
      `${what} is expected, not ${token === undefined ? 'the end' : JSON.stringify(token.text)}`,
      'correct the statement',
    );
  }

  error(problem: string, advice: string): MillraceError {
    const token = this.peek();
    const place = token === undefined ? 'at the end' : `at character ${token.from + 1}`;
    return new MillraceError('SQL_ERROR', `${problem} (${place}); ${advice}`, {
      ...(token === undefined ? {} : { position: token.from + 1 }),
    });
  }
}
