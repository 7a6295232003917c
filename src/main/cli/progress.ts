import { formatCount, formatDuration } from './numbers.ts';
import type { TextStream } from './output.ts';

/** ms between two drawings: often enough to look alive, seldom enough to cost nothing. */
const DRAW_EVERY_MS = 100;
const BAR_WIDTH = 24;

/** A progress bar on a terminal; on anything else it writes nothing. Drawn when told to, without a timer. */
export class ProgressBar {
  readonly #stream: TextStream;
  readonly #now: () => number;
  readonly #begin_ms: number;
  #drawn_ms = Number.NEGATIVE_INFINITY;
  #isDrawn = false;

  constructor(stream: TextStream, now: () => number = () => performance.now()) {
    this.#stream = stream;
    this.#now = now;
    this.#begin_ms = now();
  }

  /** Shows how much is done: a share of 0…1, rows so far, and words at the end of the line. */
  update(share: number, rows: number, words = ''): void {
    const now = this.#now();
    if (this.#stream.isTTY !== true || now - this.#drawn_ms < DRAW_EVERY_MS) return;
    this.#drawn_ms = now;
    const line = progressLine(share, rows, now - this.#begin_ms, words);
    // one column less than the terminal has, or it would wrap
    const width = (this.#stream.columns ?? 80) - 1;
    this.#stream.write(`\r\u001b[K${line.slice(0, width)}`);
    this.#isDrawn = true;
  }

  /** Takes the bar away. */
  clear(): void {
    if (this.#isDrawn) this.#stream.write('\r\u001b[K');
    this.#isDrawn = false;
    this.#drawn_ms = Number.NEGATIVE_INFINITY;
  }
}

/** The text of a progress bar. */
export function progressLine(share: number, rows: number, elapsed_ms: number, words = ''): string {
  const done = Math.min(1, Math.max(0, share));
  const full = Math.round(done * BAR_WIDTH);
  const bar = '█'.repeat(full) + '░'.repeat(BAR_WIDTH - full);
  const rate = elapsed_ms > 0 ? (rows / elapsed_ms) * 1000 : 0;
  const parts = [
    `${String(Math.floor(done * 100)).padStart(3)} %`,
    `${formatCount(rows)} rows`,
    `${formatCount(rate)} rows/s`,
  ];
  if (done > 0.01 && done < 1) parts.push(`${formatDuration((elapsed_ms / done) * (1 - done))} left`);
  if (words !== '') parts.push(words);
  return `${bar} ${parts.join('  ')}`;
}
