import { formatTimestamp } from '../../src/main/cli/format-value.ts';
import { formatCount, formatDuration } from '../../src/main/cli/numbers.ts';
import { plotCurve } from '../../src/main/cli/plot.ts';
import type { NanoTsDbShared } from '../../src/main/index.ts';

const DAY_MS = 86_400_000;
const WEEK_MS = 7 * DAY_MS;
/** 1970-01-05, a Monday. */
const MONDAY_MS = 4 * DAY_MS;

/** Asks a few questions of the busiest airport and prints the answers with their times. */
export async function showQueries(db: NanoTsDbShared): Promise<void> {
  const busiest = (await db.stats()).tables.reduce((most, table) => (table.rows > most.rows ? table : most));
  const table = db.table(busiest.name);
  const from = Number(busiest.from);
  const middle = from + Math.floor((Number(busiest.to) - from) / 2 / DAY_MS) * DAY_MS;
  const week = { from: middle, to: middle + WEEK_MS - 1 };
  const name = busiest.name;
  await ask(`first and last departure from ${name}`, async () => {
    const range = await table.timeRange();
    return range === null
      ? 'none'
      : `${formatTimestamp(range.from, 'ms')} … ${formatTimestamp(range.to, 'ms')}`;
  });
  await ask(`mean delay from ${name} in the week from ${date(middle)}`, async () => {
    const { rowCount, columns } = await table.query({ ...week, columns: ['delay'] });
    return `${mean(columns['delay'] as Float64Array)} min of ${formatCount(rowCount)} flights`;
  });
  await ask(`flights from ${name} that were three hours late`, async () => {
    const { rowCount } = await table.query({
      columns: ['delay'],
      where: [{ column: 'delay', op: '>=', value: 180 }],
    });
    return formatCount(rowCount);
  });
  await ask(`the last five flights from ${name}`, async () => {
    const { columns } = await table.query({ limit: 5, order: 'desc', columns: ['destination'] });
    return (columns['destination'] as string[]).join(' ');
  });
}

/** Plots the mean delay of each week, from a scan over all tables. */
export async function showDelays(db: NanoTsDbShared): Promise<void> {
  const begin = performance.now();
  const sums = new Map<number, { sum: number; count: number }>();
  let rows = 0;
  for (const name of db.listTables()) {
    for await (const { rowCount, ts, columns } of db.table(name).scan({ columns: ['delay'] })) {
      const delay = columns['delay'] as Float64Array;
      for (let row = 0; row < rowCount; row++) {
        const week = Math.floor((Number(ts[row]) - MONDAY_MS) / WEEK_MS);
        const entry = sums.get(week);
        if (entry === undefined) sums.set(week, { sum: delay[row]!, count: 1 });
        else {
          entry.sum += delay[row]!;
          entry.count++;
        }
      }
      rows += rowCount;
    }
  }
  const elapsed = performance.now() - begin;
  const weeks = [...sums.keys()].toSorted((a, b) => a - b);
  const first = weeks[0] ?? 0;
  const last = weeks.at(-1) ?? 0;
  const means = Array.from({ length: last - first + 1 }, (_, at) => {
    const entry = sums.get(first + at);
    return entry === undefined ? null : entry.sum / entry.count;
  });
  const rate = formatCount((rows / elapsed) * 1000);
  console.log(
    `\nmean delay in minutes by week, from a scan of ${formatCount(rows)} rows in ${formatDuration(elapsed)} (${rate} rows/s)`,
  );
  const labels = { from: date(first * WEEK_MS + MONDAY_MS), to: date(last * WEEK_MS + MONDAY_MS) };
  for (const line of plotCurve(means, { width: 78, height: 8, ...labels })) console.log(`  ${line}`);
}

async function ask(question: string, answer: () => Promise<string>): Promise<void> {
  const begin = performance.now();
  const said = await answer();
  console.log(`  ${formatDuration(performance.now() - begin).padStart(8)}  ${question}: ${said}`);
}

function mean(values: Float64Array): string {
  return (values.reduce((sum, value) => sum + value, 0) / values.length).toFixed(2);
}

function date(ms: number): string {
  return new Date(ms).toISOString().slice(0, 10);
}
