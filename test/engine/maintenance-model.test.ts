import { test } from 'node:test';
import { maintenanceIsNotNoticed } from './model-properties.ts';

test('any sequence of appends, packs, retention, flushes and reopenings over several tables agrees bit for bit with plain arrays', (t) =>
  maintenanceIsNotNoticed(t, 250, 50));
