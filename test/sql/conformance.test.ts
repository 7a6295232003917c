import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { after, before, describe, it } from 'node:test';
import { NanoTsDbShared } from '../../src/main/index.ts';
import { InlineEngine } from '../support/inline-engine.ts';
import { canonical } from './canonical.ts';
import { skip } from './duckdb-package.ts';
import { fillPlant } from './fill-plant.ts';
import { readStatements, statementsFile } from './read-statements.ts';

const statements = readStatements(readFileSync(statementsFile, 'utf8'));
const expected = JSON.parse(readFileSync(new URL('expected.json', statementsFile), 'utf8'));

describe('SQL answers as plain DuckDB does over the same rows, rows that are only in memory included', {
  skip,
}, () => {
  let db: NanoTsDbShared;

  before(async () => {
    db = NanoTsDbShared.over(new InlineEngine());
    await fillPlant(db);
  });
  after(() => db.close());

  it('holds a statement for each expectation, 60 at least', () => {
    assert.deepEqual(Object.keys(expected).sort(), [...new Set(statements)].sort());
    assert.ok(statements.length >= 60, `${statements.length} statements`);
  });

  for (const sql of statements) {
    it(sql, async () => {
      assert.deepEqual((await db.sql(sql)).map(canonical), expected[sql]);
    });
  }
});
