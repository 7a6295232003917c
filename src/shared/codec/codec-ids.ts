/** How a vector's values are coded (docs/format.md, section 6). The numbers are written in the file. */
export const RAW = 0;
export const CONSTANT = 1;
export const FRAME_OF_REFERENCE = 2;
export const DELTA = 3;
export const DELTA_OF_DELTA = 4;
export const BITMAP = 5;
export const PLAIN = 6;
export const DICTIONARY = 7;
export const NONE = 8;
export const LINEAR = 9;
export const RUN_LENGTHS = 10;
/** Not a vector of rows: the values that the `PLACES` vectors after it mean. */
export const COLUMN_DICTIONARY = 11;
export const PLACES = 12;
export const REAL_DOUBLES = 13;

/** Names of the codecs for people, by id: what `stats` shows. */
export const CODEC_NAMES: readonly string[] = [
  'raw',
  'constant',
  'frame of reference',
  'delta',
  'delta of delta',
  'bitmap',
  'plain',
  'dictionary',
  'none',
  'linear',
  'run lengths',
  'column dictionary',
  'places',
  'real doubles',
];
