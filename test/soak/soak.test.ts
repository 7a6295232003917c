import { test } from 'node:test';
import { soak } from './soak-run.ts';

const ROUNDS = 300;

test('writing, packing, expiring and reading go on with no more memory, descriptors or threads than at the beginning', (t) =>
  soak(t, (rounds) => rounds < ROUNDS));
