import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { runInChild } from '../../bench/harness/child.ts';

const MODULE = fileURLToPath(new URL('./fixtures/job.js', import.meta.url));

describe('a job in a child process', () => {
  test('gives its result and ends, whatever it left running', async () => {
    assert.deepEqual(await runInChild(MODULE, { job: 'double', value: 21 }), { twice: 42 });
  });

  test('that throws is an error with the stack of the child', async () => {
    await assert.rejects(
      runInChild(MODULE, { job: 'throw', value: 7 }),
      /RangeError: no 7 here[\s\S]*fixtures\/job/,
    );
  });

  test('that dies without an answer is an error that says how', async () => {
    await assert.rejects(runInChild(MODULE, { job: 'die', value: 3 }), /ended with 3 and gave no result/);
  });

  test('that gives no answer in time is killed', async () => {
    await assert.rejects(runInChild(MODULE, { job: 'hang', value: 0 }, 200), /no result within 0\.2 s/);
  });
});
