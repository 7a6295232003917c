// `npm run bench:report [-- FILE.json …]`: docs/performance.md and its plots, from the figures that `npm run bench` wrote. Of several
// files a later one's parts take the place of an earlier one's.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SuiteResult } from './figures.ts';
import { lastOfEach, renderPage } from './page.ts';
import { plotsOf } from './plots.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const DOCS = join(ROOT, 'docs');
const PLOTS = join(DOCS, 'plots');

const paths = process.argv.length > 2 ? process.argv.slice(2) : [join(ROOT, 'dist', 'bench.json')];
const results = paths.map((path) => JSON.parse(readFileSync(path, 'utf8')) as SuiteResult);
mkdirSync(PLOTS, { recursive: true });
const runs = lastOfEach(results);
const plots = runs.flatMap(plotsOf);
for (const { name, svg } of plots) writeFileSync(join(PLOTS, `${name}.svg`), svg);
const prose = readFileSync(join(ROOT, 'bench', 'suite', 'performance-prose.md'), 'utf8');
writeFileSync(join(DOCS, 'performance.md'), renderPage(runs, plots, prose));
console.log(`docs/performance.md and ${plots.length} plots from ${paths.join(', ')}`);
