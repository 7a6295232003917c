import { test } from 'node:test';
import { holdAgainstTwins } from './twin-rounds.ts';

const seed = Number(process.env['MILLRACE_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

test(`a million random vectors have the same bytes and values by a kernel and by its twin (seed ${seed})`, (t) => {
  t.diagnostic(`seed ${seed}`);
  holdAgainstTwins(1_000_000, seed);
});
