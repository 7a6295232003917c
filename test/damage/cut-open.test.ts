import { cutTests } from './cut-tests.ts';

cutTests(false);
