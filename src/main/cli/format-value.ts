import type { ColumnType, TimeUnit } from '../../shared/schema/types.ts';

const PER_SECOND = { ms: 1000n, us: 1_000_000n, ns: 1_000_000_000n } as const;
const DIGITS = { ms: 3, us: 6, ns: 9 } as const;
/** The years that ISO 8601 writes with four digits. */
const FIRST_S = BigInt(Date.parse('0000-01-01T00:00:00Z') / 1000);
const LAST_S = BigInt(Date.parse('9999-12-31T23:59:59Z') / 1000);

/** A timestamp as ISO 8601 in UTC, with the digits of its unit; a year that has not four digits as the bare number. */
export function formatTimestamp(ts: number | bigint, unit: TimeUnit): string {
  const value = BigInt(ts);
  const per = PER_SECOND[unit];
  const fraction = ((value % per) + per) % per;
  const seconds = (value - fraction) / per;
  if (seconds < FIRST_S || seconds > LAST_S) return String(value);
  const date = new Date(Number(seconds) * 1000).toISOString();
  return `${date.slice(0, 19)}.${String(fraction).padStart(DIGITS[unit], '0')}Z`;
}

/** A value as text: bool as true and false, bytes as hexadecimal digits, floats with as few digits as read back the same. */
export function formatValue(value: unknown, type: ColumnType): string {
  switch (type) {
    case 'bool':
      return value === 1 ? 'true' : 'false';
    case 'bytes':
      return Buffer.from(value as Uint8Array).toString('hex');
    case 'f32':
      return formatFloat(value as number, shortestF32);
    case 'f64':
      return formatFloat(value as number, String);
    default:
      return String(value);
  }
}

/**
 * A value as JSON: numbers and booleans as such, i64 as a string, because readers of JSON round what is beyond 2^53; so
 * too what JSON has no number for ("NaN", "Infinity"). Bytes are hexadecimal digits.
 */
export function valueToJson(value: unknown, type: ColumnType): string {
  const isNumber = type === 'i32' || type === 'bool' || Number.isFinite(value);
  const text = formatValue(value, type);
  return isNumber ? text : JSON.stringify(text);
}

function formatFloat(value: number, shortest: (value: number) => string): string {
  return Object.is(value, -0) ? '-0' : shortest(value);
}

/** The shortest decimal that is nearest to a float of 32 bits; nine digits always are. */
function shortestF32(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  for (let digits = 6; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return String(short);
  }
  return String(Number(value.toPrecision(9)));
}
