// `npm run bench:report [-- FILE.json]`: docs/performance.md and its plots, from the figures that `npm run bench` wrote.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { SuiteResult } from './figures.ts';
import { renderPage } from './page.ts';
import { plotsOf } from './plots.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
const DOCS = join(ROOT, 'docs');
const PLOTS = join(DOCS, 'plots');

const path = process.argv[2] ?? join(ROOT, 'dist', 'bench.json');
const result = JSON.parse(readFileSync(path, 'utf8')) as SuiteResult;
mkdirSync(PLOTS, { recursive: true });
const plots = plotsOf(result);
for (const { name, svg } of plots) writeFileSync(join(PLOTS, `${name}.svg`), svg);
const prose = readFileSync(join(ROOT, 'bench', 'suite', 'performance-prose.md'), 'utf8');
writeFileSync(join(DOCS, 'performance.md'), renderPage(result, plots, prose));
console.log(`docs/performance.md and ${plots.length} plots from ${path}`);
