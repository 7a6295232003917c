/** One bar of a chart, with how far its rounds went. */
export interface Bar {
  readonly label: string;
  readonly median: number;
  readonly min: number;
  readonly max: number;
  /** Shown at its end. */
  readonly words: string;
  readonly isOurs: boolean;
}

const WIDTH = 760;
const LABEL_WIDTH = 300;
const WORDS_WIDTH = 120;
const BAR_HEIGHT = 16;
const STEP = 24;
const TOP = 34;
const OURS = '#0b7285';
const OTHERS = '#adb5bd';

/** A bar chart as SVG: one bar a line, from 0, with a thin line from the least to the greatest of the rounds. */
export function barChart(title: string, bars: readonly Bar[]): string {
  const most = Math.max(...bars.map(({ max }) => max));
  const room = WIDTH - LABEL_WIDTH - WORDS_WIDTH;
  const x = (value: number): number => LABEL_WIDTH + (most === 0 ? 0 : (value / most) * room);
  const height = TOP + STEP * bars.length + 8;
  const parts = bars.map(({ isOurs, label, max, median, min, words }, i) => {
    const y = TOP + i * STEP;
    const middle = y + BAR_HEIGHT / 2;
    return [
      `<text x="${LABEL_WIDTH - 8}" y="${middle + 4}" text-anchor="end">${escaped(label)}</text>`,
      `<rect x="${LABEL_WIDTH}" y="${y}" width="${(x(median) - LABEL_WIDTH).toFixed(1)}" height="${BAR_HEIGHT}" fill="${isOurs ? OURS : OTHERS}"/>`,
      `<line x1="${x(min).toFixed(1)}" y1="${middle}" x2="${x(max).toFixed(1)}" y2="${middle}" stroke="#212529"/>`,
      `<text x="${(x(max) + 6).toFixed(1)}" y="${middle + 4}">${escaped(words)}</text>`,
    ].join('\n  ');
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12">
  <title>${escaped(title)}</title>
  <rect width="${WIDTH}" height="${height}" fill="#ffffff"/>
  <text x="8" y="20" font-size="14" font-weight="bold">${escaped(title)}</text>
  ${parts.join('\n  ')}
</svg>
`;
}

function escaped(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
