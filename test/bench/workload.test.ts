import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { makeRandom } from '../../bench/workload/random.ts';
import { fingerprint, generateW, W_COLUMNS } from '../../bench/workload/workload-w.ts';

const SMALL = { tables: 3, rowsPerTable: 20_000 } as const;

describe('workload W', () => {
  const tables = generateW(SMALL);

  test('is the same for the same seed, and other rows for another', () => {
    assert.equal(fingerprint(generateW(SMALL)), fingerprint(tables));
    assert.notEqual(fingerprint(generateW({ ...SMALL, seed: 2 })), fingerprint(tables));
  });

  test('keeps its rows from version to version, so that old figures stay comparable', () => {
    assert.equal(fingerprint(tables), 399_511_879);
  });

  test('fewer tables and fewer rows are a part of the whole', () => {
    const [first] = generateW({ tables: 1, rowsPerTable: 100 });
    const whole = tables[0]!;
    for (const column of ['ts', ...W_COLUMNS] as const) {
      assert.deepEqual(first![column], whole[column].slice(0, 100));
    }
  });

  test('has machines of their own rows', () => {
    assert.deepEqual(
      tables.map(({ name }) => name),
      ['m0', 'm1', 'm2'],
    );
    assert.notDeepEqual(tables[0]!.pressure, tables[1]!.pressure);
    assert.notDeepEqual(tables[1]!.pressure, tables[2]!.pressure);
  });

  test('is 8 tables of 250,000 rows unless told otherwise', () => {
    const whole = generateW();
    assert.equal(whole.length, 8);
    for (const table of whole) assert.equal(table.ts.length, 250_000);
  });

  test('time goes strictly up, by 100 ms with up to 9 ms of jitter', () => {
    for (const { ts } of tables) {
      for (let i = 0; i < ts.length; i++) {
        const jitter = ts[i]! - 1_704_067_200_000 - i * 100;
        assert.ok(Number.isInteger(jitter) && jitter >= 0 && jitter <= 9, `jitter ${jitter} in row ${i}`);
        assert.ok(i === 0 || ts[i]! > ts[i - 1]!);
      }
      assert.equal(new Set(ts.map((time) => time % 100)).size, 10);
    }
  });

  test('temp and pressure are doubles of two decimals, vib of three', () => {
    for (const { temp, pressure, vib } of tables) {
      assert.ok(temp.every((value) => Object.is(Number(value.toFixed(2)), value)));
      assert.ok(pressure.every((value) => Object.is(Number(value.toFixed(2)), value)));
      assert.ok(vib.every((value) => Object.is(Number(value.toFixed(3)), value)));
      assert.ok(vib.some((value) => Number(value.toFixed(2)) !== value));
    }
  });

  test('values are where machines have them', () => {
    for (const { temp, pressure, vib } of tables) {
      assert.ok(temp.every((value) => value > 10 && value < 30));
      assert.ok(pressure.every((value) => value > 980 && value < 1046));
      assert.ok(vib.every((value) => value >= 0 && value < 8));
      // Mean of |normal| with σ 1.2 is 1.2·√(2/π) = 0.957.
      assert.ok(Math.abs(mean(vib) - 0.957) < 0.03);
    }
  });

  test('count is a counter that grows by 0, 1 or 2', () => {
    for (const { count } of tables) {
      const steps = count.map((value, i) => value - (i === 0 ? 0 : count[i - 1]!));
      assert.deepEqual([...new Set(steps)].sort(), [0, 1, 2]);
      assert.ok(Math.abs(mean(steps) - 1) < 0.03);
    }
  });
});

describe('random numbers', () => {
  test('normals have mean 0 and σ 1, uniforms lie in [0, 1)', () => {
    const random = makeRandom(1, 2, 3);
    const normals = Float64Array.from({ length: 100_000 }, () => random.normal());
    assert.ok(Math.abs(mean(normals)) < 0.02);
    assert.ok(Math.abs(mean(normals.map((value) => value * value)) - 1) < 0.03);
    const uniforms = Float64Array.from({ length: 100_000 }, () => random.uniform());
    assert.ok(uniforms.every((value) => value >= 0 && value < 1));
    assert.ok(Math.abs(mean(uniforms) - 0.5) < 0.01);
  });
});

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
