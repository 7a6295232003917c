import { flipTests } from './flip-tests.ts';

flipTests(61, 30);
