// Writes small Parquet files for tests: uncompressed, PLAIN, one page a column chunk. From the format's specification
// (parquet.thrift and Encodings.md), so that the reader is tested against bytes that its own library did not make.

/** The physical types, in the order of their codes. */
const PHYSICAL = [
  'BOOLEAN',
  'INT32',
  'INT64',
  'INT96',
  'FLOAT',
  'DOUBLE',
  'BYTE_ARRAY',
  'FIXED_LEN_BYTE_ARRAY',
] as const;
export type Physical = (typeof PHYSICAL)[number];

/** Codes of the old annotations. */
export const CONVERTED = {
  UTF8: 0,
  DECIMAL: 5,
  DATE: 6,
  TIMESTAMP_MILLIS: 9,
  TIMESTAMP_MICROS: 10,
  UINT_64: 14,
} as const;

export interface TinyColumn {
  readonly name: string;
  readonly type: Physical;
  readonly converted?: keyof typeof CONVERTED;
  readonly scale?: number;
  /** A logical TIMESTAMP. */
  readonly timestamp?: { readonly unit: 'MILLIS' | 'MICROS' | 'NANOS'; readonly isAdjustedToUTC: boolean };
  /** Makes it a group with the column `item` in it. */
  readonly nested?: boolean;
  /** Values of each row group; null makes no value. INT96 as 12 bytes. */
  readonly groups: readonly (readonly (boolean | number | bigint | string | Uint8Array | null)[])[];
}

/** The bytes of a Parquet file. All columns are OPTIONAL and have the same number of row groups and rows. */
export function tinyParquet(columns: readonly TinyColumn[]): Buffer {
  const parts: Buffer[] = [Buffer.from('PAR1')];
  let offset = 4;
  const rowGroups: Buffer[] = [];
  let rows = 0;
  for (let group = 0; group < (columns[0]?.groups.length ?? 0); group++) {
    const chunks: Buffer[] = [];
    let groupBytes = 0;
    for (const column of columns) {
      const values = column.groups[group]!;
      const page = dataPage(column, values);
      const path = column.nested === true ? [column.name, 'item'] : [column.name];
      chunks.push(
        struct([
          [2, 'i64', offset],
          [
            3,
            'struct',
            struct([
              [1, 'i32', PHYSICAL.indexOf(column.type)],
              [2, 'list', list('i32', [zigzag(0)])],
              [
                3,
                'list',
                list(
                  'binary',
                  path.map((each) => binary(Buffer.from(each))),
                ),
              ],
              [4, 'i32', 0],
              [5, 'i64', values.length],
              [6, 'i64', page.length],
              [7, 'i64', page.length],
              [9, 'i64', offset],
            ]),
          ],
        ]),
      );
      parts.push(page);
      offset += page.length;
      groupBytes += page.length;
    }
    const groupRows = columns[0]!.groups[group]!.length;
    rows += groupRows;
    rowGroups.push(
      struct([
        [1, 'list', list('struct', chunks)],
        [2, 'i64', groupBytes],
        [3, 'i64', groupRows],
      ]),
    );
  }
  const footer = struct([
    [1, 'i32', 1],
    [2, 'list', list('struct', schema(columns))],
    [3, 'i64', rows],
    [4, 'list', list('struct', rowGroups)],
  ]);
  const length = Buffer.alloc(4);
  length.writeUInt32LE(footer.length);
  return Buffer.concat([...parts, footer, length, Buffer.from('PAR1')]);
}

function schema(columns: readonly TinyColumn[]): Buffer[] {
  const elements = [
    struct([
      [4, 'binary', Buffer.from('root')],
      [5, 'i32', columns.length],
    ]),
  ];
  for (const column of columns) {
    if (column.nested === true) {
      elements.push(
        struct([
          [3, 'i32', 1],
          [4, 'binary', Buffer.from(column.name)],
          [5, 'i32', 1],
        ]),
      );
    }
    const fields: Field[] = [
      [1, 'i32', PHYSICAL.indexOf(column.type)],
      [3, 'i32', column.nested === true ? 0 : 1],
      [4, 'binary', Buffer.from(column.nested === true ? 'item' : column.name)],
    ];
    if (column.converted !== undefined) fields.push([6, 'i32', CONVERTED[column.converted]]);
    if (column.scale !== undefined) fields.push([7, 'i32', column.scale]);
    if (column.timestamp !== undefined) {
      const unit = { MILLIS: 1, MICROS: 2, NANOS: 3 }[column.timestamp.unit];
      const timestamp = struct([
        [1, 'bool', column.timestamp.isAdjustedToUTC],
        [2, 'struct', struct([[unit, 'struct', struct([])]])],
      ]);
      fields.push([10, 'struct', struct([[8, 'struct', timestamp]])]);
    }
    elements.push(struct(fields));
  }
  return elements;
}

function dataPage(column: TinyColumn, values: TinyColumn['groups'][number]): Buffer {
  // definition levels: a run of one value each, in the hybrid of run lengths and bit packing
  const levels = Buffer.concat(values.map((value) => Buffer.from([1 << 1, value === null ? 0 : 1])));
  const levelBytes = Buffer.alloc(4);
  levelBytes.writeUInt32LE(levels.length);
  const present = values.filter((value) => value !== null);
  const body = Buffer.concat([levelBytes, levels, plain(column.type, present)]);
  const header = struct([
    [1, 'i32', 0],
    [2, 'i32', body.length],
    [3, 'i32', body.length],
    [
      5,
      'struct',
      struct([
        [1, 'i32', values.length],
        [2, 'i32', 0],
        [3, 'i32', 3],
        [4, 'i32', 3],
      ]),
    ],
  ]);
  return Buffer.concat([header, body]);
}

function plain(type: Physical, values: readonly (boolean | number | bigint | string | Uint8Array)[]): Buffer {
  if (type === 'BOOLEAN') {
    const bits = Buffer.alloc((values.length + 7) >> 3);
    for (const [at, value] of values.entries()) if (value === true) bits[at >> 3]! |= 1 << (at & 7);
    return bits;
  }
  return Buffer.concat(values.map((value) => plainOne(type, value)));
}

function plainOne(type: Physical, value: boolean | number | bigint | string | Uint8Array): Buffer {
  const bytes = Buffer.alloc(8);
  switch (type) {
    case 'INT32':
      bytes.writeInt32LE(value as number);
      return bytes.subarray(0, 4);
    case 'INT64':
      bytes.writeBigInt64LE(BigInt.asIntN(64, value as bigint));
      return bytes;
    case 'FLOAT':
      bytes.writeFloatLE(value as number);
      return bytes.subarray(0, 4);
    case 'DOUBLE':
      bytes.writeDoubleLE(value as number);
      return bytes;
    case 'BYTE_ARRAY': {
      const content = typeof value === 'string' ? Buffer.from(value) : Buffer.from(value as Uint8Array);
      bytes.writeUInt32LE(content.length);
      return Buffer.concat([bytes.subarray(0, 4), content]);
    }
    default:
      return Buffer.from(value as Uint8Array);
  }
}

// Thrift's compact protocol, as much of it as is needed.
const CODE = { bool: 1, i32: 5, i64: 6, binary: 8, list: 9, struct: 12 } as const;
type Field = readonly [id: number, type: keyof typeof CODE, value: number | boolean | Buffer];

function struct(fields: readonly Field[]): Buffer {
  const parts: Buffer[] = [];
  let last = 0;
  for (const [id, type, value] of fields) {
    const code = type === 'bool' && value === false ? 2 : CODE[type];
    parts.push(Buffer.from([((id - last) << 4) | code]));
    last = id;
    if (typeof value === 'number') parts.push(zigzag(value));
    else if (Buffer.isBuffer(value)) parts.push(type === 'binary' ? binary(value) : value);
  }
  parts.push(Buffer.from([0]));
  return Buffer.concat(parts);
}

function list(type: keyof typeof CODE, items: readonly Buffer[]): Buffer {
  const head =
    items.length < 15 ? [(items.length << 4) | CODE[type]] : [0xf0 | CODE[type], ...varint(items.length)];
  return Buffer.concat([Buffer.from(head), ...items]);
}

function binary(bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from(varint(bytes.length)), bytes]);
}

function zigzag(value: number): Buffer {
  return Buffer.from(varint(value >= 0 ? value * 2 : -value * 2 - 1));
}

function varint(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128);
  return [...bytes, rest];
}
