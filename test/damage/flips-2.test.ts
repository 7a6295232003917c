import { flipTests } from './flip-tests.ts';

flipTests(3, 1);
