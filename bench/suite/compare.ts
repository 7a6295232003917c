// `npm run bench:compare -- BEFORE.json AFTER.json`: what got slower beyond the noise.
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { textTable } from '../harness/text-table.ts';
import { compareResults } from './changes.ts';
import type { SuiteResult } from './figures.ts';

const USAGE = `npm run bench:compare -- BEFORE.json AFTER.json [--json]

Compares two files of \`npm run bench\`, figure by figure. A figure has changed when no round of one run is within the rounds
of the other, and the medians differ by a twentieth or more. Ends with 0, or 1 if something got worse.`;

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});
if (values.help) console.log(USAGE);
else if (positionals.length !== 2) {
  console.error(USAGE);
  process.exitCode = 2;
} else {
  const [before, after] = positionals.map((path) => JSON.parse(readFileSync(path, 'utf8')) as SuiteResult);
  const { changes, compared, onlyIn } = compareResults(before!, after!);
  if (values.json) console.log(JSON.stringify({ compared, onlyIn, changes }, null, 2));
  else {
    if (before!.machine.cpu !== after!.machine.cpu)
      console.log('The machines differ: these figures do not compare.');
    const rows = changes.map(({ after, before, ratio, title, unit, verdict }) => [
      verdict,
      `${ratio.toFixed(2)}×`,
      `${before.toPrecision(3)} → ${after.toPrecision(3)} ${unit}`,
      title,
    ]);
    console.log(`${compared} figures in both files, ${onlyIn} in one of them only.`);
    console.log(
      rows.length === 0 ? 'None changed beyond the noise.' : textTable(['', 'speed', '', ''], rows),
    );
  }
  process.exitCode = changes.some(({ verdict }) => verdict === 'worse') ? 1 : 0;
}
