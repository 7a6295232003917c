import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { wrongAnswers } from '../../bench/peers/check.ts';
import type { RowsBack } from '../../bench/peers/contract.ts';
import { readOptions, UsageError } from '../../bench/peers/options.ts';
import { generateW, type WTable } from '../../bench/workload/workload-w.ts';

describe('checking of answers', () => {
  const given = generateW({ tables: 1, rowsPerTable: 50 })[0]!;

  test('finds nothing wrong with the rows given', () => {
    assert.deepEqual(wrongAnswers(given, copyOf(given)), []);
  });

  test('finds a missing row, in every column', () => {
    const short = copyOf(given, 49);
    assert.equal(wrongAnswers(given, short).length, 5);
    assert.match(wrongAnswers(given, short)[0]!, /m0\.ts: 49 rows instead of 50/);
  });

  test('finds a value that is another, by the sum and by its row', () => {
    const back = copyOf(given);
    back.temp[17] = 99;
    const wrong = wrongAnswers(given, back);
    assert.equal(wrong.length, 2);
    assert.match(wrong[0]!, /m0\.temp: sum/);
    assert.match(wrong[1]!, /m0\.temp: 99 instead of .* in row 17/);
  });

  test('finds a zero of the other sign, which no sum shows', () => {
    const back = copyOf(given);
    assert.equal(back.count[0], 0);
    back.count[0] = -0;
    assert.equal(wrongAnswers(given, back).length, 1);
  });
});

describe('command line of the peers', () => {
  test('measures all of workload W in 5 rounds unless told otherwise', () => {
    const options = readOptions([])!;
    assert.deepEqual(
      [options.rounds, options.tables, options.rowsPerTable, options.works],
      [5, 8, 250_000, ['w1', 'w2', 'w4']],
    );
  });

  test('takes what the usage says', () => {
    const options = readOptions(['--rounds', '3', '--rows', '1000', '--only', 'W2', '--json', 'x.json'])!;
    assert.deepEqual(
      [options.rounds, options.rowsPerTable, options.works, options.json],
      [3, 1000, ['w2'], 'x.json'],
    );
    assert.equal(readOptions(['--help']), undefined);
  });

  test('refuses other words and says which', () => {
    assert.throws(() => readOptions(['--rounds', '0']), UsageError);
    assert.throws(() => readOptions(['--only', 'w9']), /--only takes w1, w2, w4, not "w9"/);
    assert.throws(() => readOptions(['--contestants', 'oracle']), UsageError);
    assert.throws(() => readOptions(['--what']), UsageError);
  });
});

function copyOf({ ts, temp, pressure, vib, count }: WTable, rows = ts.length): RowsBack {
  const part = (values: Float64Array): Float64Array => values.slice(0, rows);
  return { ts: part(ts), temp: part(temp), pressure: part(pressure), vib: part(vib), count: part(count) };
}
