import { failEveryCallInCi } from './fault-tests.ts';

failEveryCallInCi(4);
