import { cutTests } from './cut-tests.ts';

cutTests(true);
