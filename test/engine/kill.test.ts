import { test } from 'node:test';
import { killRounds } from './kill-rounds.ts';

const seed = Number(process.env['KILL_SEED'] ?? Math.floor(Math.random() * 2 ** 31));

test('after kill -9 under load, 30 times: every row that sync acknowledged is there, in order, and none that was not appended', (t) =>
  killRounds(t, 30, seed));
