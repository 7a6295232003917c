import { spreadOf } from '../harness/stats.ts';
import type { Figure, SuiteResult } from './figures.ts';
import { number } from './render.ts';
import { barChart } from './svg.ts';

/** A picture of some figures. */
export interface Plot {
  /** File name without its ending. */
  readonly name: string;
  readonly part: string;
  readonly title: string;
  readonly svg: string;
}

/** What is drawn: figures whose ids match, and what of their titles is left off. */
const CHARTS: readonly (readonly [name: string, part: string, title: string, ids: RegExp])[] = [
  ['w1', 'peers', 'W1: rows a second, row by row', /^peers\/w1\/.*\/rows$/],
  ['w2', 'peers', 'W2: rows a second, in batches', /^peers\/w2\/.*\/rows$/],
  ['w3a', 'read', 'W3a: one column, ms', /^read\/w3a\//],
  ['w3b', 'read', 'W3b: all columns of 100,000 rows, ms', /^read\/w3b\//],
  ['w3c', 'read', 'W3c: 100 rows at a random place, ms', /^read\/w3c\//],
  ['w3d', 'read', 'W3d: mean per minute, ms', /^read\/w3d\//],
  ['roofline', 'roofline', 'Each stage by itself, rows a second', /^roofline\/(?!trip|commit)/],
  ['batch', 'engine', 'Rows a second by rows a call', /^engine\/batch\/.*\/rows$/],
  ['tables', 'engine', 'Rows a second by tables', /^engine\/tables\/.*\/rows$/],
  ['size', 'engine', 'Rows a second by raw bytes', /^engine\/size\/.*\/rows$/],
  ['bits', 'codecs', 'Bits a value, ours and Gorilla’s', /^codecs\/.*bits$/],
];

/** A chart for each group of figures that was measured. */
export function plotsOf({ parts }: SuiteResult): Plot[] {
  const all = parts.flatMap(({ figures }) => figures);
  return CHARTS.flatMap(([name, part, title, ids]) => {
    const figures = all.filter(({ id }) => ids.test(id));
    if (figures.length === 0) return [];
    return [{ name, part, title, svg: barChart(title, figures.map(barOf)) }];
  });
}

function barOf({ id, title, unit, values }: Figure) {
  const { max, median, min } = spreadOf(values);
  const label = title.replace(/^.*?: /, '').replace(', rows a second', '');
  const isOurs = !/better-sqlite3|duckdb|lmdb|classic-level|gorilla|parquet|nanots|roofline\/(?!w\d)/i.test(
    id,
  );
  return { label, median, min, max, words: `${number(median)} ${unit}`, isOurs };
}
