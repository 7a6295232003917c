import { besideWriterTest } from './readers-run.ts';

besideWriterTest(30_000);
