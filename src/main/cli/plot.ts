/** How a plot looks. */
export interface PlotOptions {
  /** Columns of the terminal, labels included. Default 72. */
  readonly width?: number;
  /** Lines of the curve. Default 10. */
  readonly height?: number;
  /** What stands below the left and the right end. */
  readonly from?: string;
  readonly to?: string;
  /** How a value on the axis is written. Default: one digit after the point. */
  readonly format?: (value: number) => string;
}

/** The bits of the 2 × 4 dots of a braille character, by row and column (Unicode, U+2800). */
const DOTS = [
  [0x01, 0x08],
  [0x02, 0x10],
  [0x04, 0x20],
  [0x40, 0x80],
] as const;

/**
 * A curve in braille dots, two a column and four a line, with the range on an axis at its left; null and NaN are gaps.
 * Several values that fall on one column of dots are shown by their mean. Returns lines without line breaks; for no value
 * at all one line that says so.
 */
export function plotCurve(values: readonly (number | null)[], options: PlotOptions = {}): string[] {
  const { width = 72, height = 10, from = '', to = '', format = oneDigit } = options;
  const present = values.filter((value): value is number => value !== null && Number.isFinite(value));
  if (present.length === 0) return ['(nothing to plot)'];
  const low = present.reduce((least, value) => Math.min(least, value));
  const high = present.reduce((most, value) => Math.max(most, value));
  const labels = Array.from({ length: height }, (_, line) => labelOf(line, height, low, high, format));
  const margin = Math.max(...labels.map((label) => label.length));
  const columns = Math.max(1, width - margin - 2);
  const cells = draw(resample(values, columns * 2), columns, height, low, high);
  const lines = labels.map((label, line) => {
    const dots = String.fromCharCode(...cells.subarray(line * columns, (line + 1) * columns));
    return `${label.padStart(margin)} ${label === '' ? '│' : '┤'}${dots.replace(/\u2800+$/, '')}`;
  });
  const gap = Math.max(1, columns - from.length - to.length);
  lines.push(`${' '.repeat(margin)} └${'─'.repeat(columns)}`);
  if (from !== '' || to !== '') lines.push(`${' '.repeat(margin + 2)}${from}${' '.repeat(gap)}${to}`);
  return lines;
}

/** Without the sign of what rounds to nothing. */
function oneDigit(value: number): string {
  return value.toFixed(1).replace(/^-(0\.0)$/, '$1');
}

/** The axis is labelled at its top, its middle and its foot. */
function labelOf(
  line: number,
  height: number,
  low: number,
  high: number,
  format: (value: number) => string,
): string {
  if (line === 0) return format(high);
  if (line === height - 1) return format(low);
  return line === Math.floor(height / 2) ? format(high - ((high - low) * line) / (height - 1)) : '';
}

/** Characters of the curve, line by line. */
function draw(
  samples: readonly (number | null)[],
  columns: number,
  height: number,
  low: number,
  high: number,
): Uint16Array {
  const cells = new Uint16Array(columns * height).fill(0x2800);
  const rows = height * 4;
  const rowOf = (value: number) =>
    high === low ? rows >> 1 : Math.round(((high - value) / (high - low)) * (rows - 1));
  let before: number | undefined;
  for (const [x, value] of samples.entries()) {
    if (value === null) {
      before = undefined;
      continue;
    }
    const row = rowOf(value);
    // a steep step is drawn as a line, so that the curve hangs together
    const first = before === undefined ? row : before + Math.sign(row - before);
    for (let y = first; ; y += Math.sign(row - y)) {
      cells[(y >> 2) * columns + (x >> 1)]! |= DOTS[(y & 3) as 0][(x & 1) as 0];
      if (y === row) break;
    }
    before = row;
  }
  return cells;
}

/** As many values as there are columns of dots: the mean of those that fall on each, or the nearest one before. */
function resample(values: readonly (number | null)[], count: number): (number | null)[] {
  return Array.from({ length: count }, (_, x) => {
    const from = Math.floor((x * values.length) / count);
    const to = Math.max(from + 1, Math.floor(((x + 1) * values.length) / count));
    const some = values
      .slice(from, to)
      .filter((value): value is number => value !== null && Number.isFinite(value));
    return some.length === 0 ? null : some.reduce((sum, value) => sum + value, 0) / some.length;
  });
}
