import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** Where flights-3m.parquet of the npm package vega-datasets lies; its exports name only its entry file. */
export function flightsFile(): string {
  const entry = createRequire(import.meta.url).resolve('vega-datasets');
  const file = join(dirname(entry), '..', 'data', 'flights-3m.parquet');
  if (!existsSync(file)) throw new Error(`${file} is missing; npm ci --include=dev installs it`);
  return file;
}
