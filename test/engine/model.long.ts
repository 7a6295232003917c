import { test } from 'node:test';
import { batchesAreKept, largeValuesAreKept, sequencesAgree } from './model-properties.ts';

test('any long sequence of calls, closes and crashes agrees bit for bit with plain arrays', (t) =>
  sequencesAgree(t, 2000, 250));

test('any short sequence of calls, closes and crashes agrees bit for bit with plain arrays', (t) =>
  sequencesAgree(t, 10_000, 25));

test('batches of any size up to 5,000 rows are kept whole and in order, before and after reopening', (t) =>
  batchesAreKept(t, 500));

test('values of up to 1 MiB, several in a row, are taken at any moment and come back', (t) =>
  largeValuesAreKept(t, 300));
