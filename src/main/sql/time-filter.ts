/** The part of time that a filter lets through, both ends inclusive, in ns since 1970; undefined: no bound. */
export interface TimeBounds {
  readonly from: bigint | undefined;
  readonly to: bigint | undefined;
}

const ALL: TimeBounds = { from: undefined, to: undefined };
const OPERATOR = '(>=|<=|>|<|=)';
const TIME_TYPE = '(TIMESTAMP WITH TIME ZONE|TIMESTAMP_NS|TIMESTAMP_MS|TIMESTAMP_S|TIMESTAMP)';
const TIME = `'([^']*)'::${TIME_TYPE}`;
const SUBJECT = `(ts|CAST\\(ts AS ${TIME_TYPE}\\))`;
const COMPARISON = new RegExp(`^${SUBJECT} ${OPERATOR} ${TIME}$`);
const BETWEEN = new RegExp(`^${SUBJECT} BETWEEN ${TIME} AND ${TIME}$`);
const EPOCH = '(epoch|epoch_ms|epoch_us|epoch_ns)\\(ts\\)';
const NUMBER = '(-?\\d+(?:\\.0)?)';
const EPOCH_COMPARISON = new RegExp(`^${EPOCH} ${OPERATOR} ${NUMBER}$`);
const EPOCH_BETWEEN = new RegExp(`^${EPOCH} BETWEEN ${NUMBER} AND ${NUMBER}$`);
const NS_OF_EPOCH: Readonly<Record<string, bigint>> = {
  epoch: 1_000_000_000n,
  epoch_ms: 1_000_000n,
  epoch_us: 1000n,
  epoch_ns: 1n,
};
/** What a cast may round a time by. */
const NS_OF_TYPE: Readonly<Record<string, bigint>> = {
  TIMESTAMP_S: 1_000_000_000n,
  TIMESTAMP_MS: 1_000_000n,
  TIMESTAMP: 1000n,
  'TIMESTAMP WITH TIME ZONE': 1000n,
  TIMESTAMP_NS: 1n,
};

/**
 * The bounds that a filter of DuckDB's plan sets for the column `ts`, never tighter than the filter itself: DuckDB applies
 * it again, so what is not understood here only costs reading. Exclusive bounds count as inclusive.
 * @param expression as EXPLAIN shows it, such as `((ts >= '2024-01-01 00:00:00'::TIMESTAMP) AND (v > 3.0))`; it stands
 *   directly above the scan, where `ts` can only be the timestamp of that table
 */
export function timeBounds(expression: string): TimeBounds {
  const text = withoutParentheses(expression);
  const leaf = comparison(text) ?? epochComparison(text);
  if (leaf !== undefined) return leaf;
  const all = split(text, ' AND ');
  if (all !== undefined) return all.map(timeBounds).reduce(intersection);
  const any = split(text, ' OR ');
  if (any !== undefined) return any.map(timeBounds).reduce(hull);
  return ALL;
}

/** Bounds that hold where both do. */
export function intersection(a: TimeBounds, b: TimeBounds): TimeBounds {
  return { from: pick(a.from, b.from, (x, y) => x > y), to: pick(a.to, b.to, (x, y) => x < y) };
}

/** Bounds that hold where either does. */
export function hull(a: TimeBounds, b: TimeBounds): TimeBounds {
  const least = a.from === undefined || b.from === undefined ? undefined : a.from < b.from ? a.from : b.from;
  const most = a.to === undefined || b.to === undefined ? undefined : a.to > b.to ? a.to : b.to;
  return { from: least, to: most };
}

function pick(
  a: bigint | undefined,
  b: bigint | undefined,
  wins: (a: bigint, b: bigint) => boolean,
): bigint | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return wins(a, b) ? a : b;
}

function comparison(text: string): TimeBounds | undefined {
  const between = BETWEEN.exec(text);
  if (between !== null) {
    const [, , cast, low, , high] = between;
    return boundsOf('BETWEEN', parseTime(low!), parseTime(high!), slackOf(cast));
  }
  const simple = COMPARISON.exec(text);
  if (simple === null) return undefined;
  const [, , cast, operator, time] = simple;
  return boundsOf(operator!, parseTime(time!), parseTime(time!), slackOf(cast));
}

function epochComparison(text: string): TimeBounds | undefined {
  const between = EPOCH_BETWEEN.exec(text);
  const [, name, operator, low, high] =
    between === null
      ? (EPOCH_COMPARISON.exec(text) ?? [])
      : [between[0], between[1], 'BETWEEN', between[2], between[3]];
  if (name === undefined) return undefined;
  const ns = NS_OF_EPOCH[name]!;
  const at = (number: string): bigint => BigInt(number.replace(/\.0$/, '')) * ns;
  // The functions cut off what is finer than their unit.
  return boundsOf(operator!, at(low!), at(high ?? low!), ns);
}

function slackOf(castTo: string | undefined): bigint {
  return castTo === undefined ? 0n : NS_OF_TYPE[castTo]!;
}

function boundsOf(
  operator: string,
  low: bigint | undefined,
  high: bigint | undefined,
  slack: bigint,
): TimeBounds {
  const hasFrom = operator !== '<' && operator !== '<=';
  const hasTo = operator !== '>' && operator !== '>=';
  return {
    from: hasFrom && low !== undefined ? low - slack : undefined,
    to: hasTo && high !== undefined ? high + slack : undefined,
  };
}

const ISO = /^(\d{4,6})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?(?:\+00)?$/;

/** ns since 1970 of a time as DuckDB prints it, in UTC; undefined for what is not understood (infinity, BC, other zones). */
function parseTime(text: string): bigint | undefined {
  const match = ISO.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour, minute, second, fraction = ''] = match;
  const date = new Date(0);
  // Not Date.UTC: that takes the years 0 to 99 for 1900 to 1999.
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day));
  date.setUTCHours(Number(hour), Number(minute), Number(second));
  if (Number.isNaN(date.getTime())) return undefined;
  return BigInt(date.getTime()) * 1_000_000n + BigInt(fraction.padEnd(9, '0'));
}

function withoutParentheses(expression: string): string {
  let text = expression.trim();
  while (text.startsWith('(') && endOfGroup(text, 0) === text.length) text = text.slice(1, -1).trim();
  return text;
}

/**
 * The operands of a chain of one operator: each in parentheses, or a call, as DuckDB prints them. Undefined if the text is
 * anything else, say an operator of another kind beside them.
 */
function split(text: string, operator: string): string[] | undefined {
  const operands: string[] = [];
  let at = 0;
  for (;;) {
    const open = /^(?:"(?:[^"]|"")*"|\w+)?\(/.exec(text.slice(at))?.[0].length;
    if (open === undefined) return undefined;
    const end = endOfGroup(text, at + open - 1);
    if (end === undefined) return undefined;
    operands.push(text.slice(at, end));
    if (end === text.length) return operands.length > 1 ? operands : undefined;
    if (!text.startsWith(operator, end)) return undefined;
    at = end + operator.length;
  }
}

/** Where the group ends that begins with the parenthesis at `from`; quotes hide what is in them. */
function endOfGroup(text: string, from: number): number | undefined {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const character = text[at]!;
    if (character === "'" || character === '"') {
      at = text.indexOf(character, at + 1);
      if (at < 0) return undefined;
    } else if (character === '(') depth++;
    else if (character === ')' && --depth === 0) return at + 1;
  }
  return undefined;
}
