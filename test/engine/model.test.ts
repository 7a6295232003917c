import { test } from 'node:test';
import { sequencesAgree } from './model-properties.ts';

test('any sequence of calls, closes and crashes agrees bit for bit with plain arrays', (t) =>
  sequencesAgree(t, 400, 60));
