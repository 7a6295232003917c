import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import {
  type ColumnType,
  type ErrorCode,
  NanoTsDbShared,
  type Rows,
  type Table,
  type TableInfo,
} from '../../src/main/index.ts';
import { InlineEngine } from '../support/inline-engine.ts';
import { batchOf } from '../support/model-batch.ts';
import { refused } from '../support/model-refusal.ts';
import { ModelSession } from '../support/model-session.ts';
import { randomRows, toValue } from '../support/model-values.ts';

const MIB = 1 << 20;
const LONE = 'half \ud83d of a pair';

/** Values that a column or timestamp of a type does not take, with the error's code and what its message names. */
type Bad = readonly [value: unknown, code: ErrorCode, names: string];

const NO_NUMBERS: readonly Bad[] = [
  ['1.5', 'WRONG_TYPE', '"1.5"'],
  [1n, 'WRONG_TYPE', '1n'],
  [true, 'WRONG_TYPE', 'true'],
  [undefined, 'WRONG_TYPE', 'undefined'],
  [new Date(0), 'WRONG_TYPE', 'a Date'],
  [[1], 'WRONG_TYPE', 'an array of 1'],
  [Symbol('x'), 'WRONG_TYPE', 'Symbol(x)'],
];
const BAD_VALUES: Readonly<Record<ColumnType, readonly Bad[]>> = {
  f64: NO_NUMBERS,
  f32: NO_NUMBERS,
  i64: [
    [1.5, 'WRONG_TYPE', '1.5'],
    [2 ** 53, 'WRONG_TYPE', '9007199254740992'],
    [2n ** 63n, 'WRONG_TYPE', '9223372036854775808n'],
    [-(2n ** 63n) - 1n, 'WRONG_TYPE', '-9223372036854775809n'],
    [Number.NaN, 'WRONG_TYPE', 'NaN'],
    ['1', 'WRONG_TYPE', '"1"'],
    [undefined, 'WRONG_TYPE', 'undefined'],
  ],
  i32: [
    [1.5, 'WRONG_TYPE', '1.5'],
    [2 ** 31, 'WRONG_TYPE', '2147483648'],
    [-(2 ** 31) - 1, 'WRONG_TYPE', '-2147483649'],
    [1n, 'WRONG_TYPE', '1n'],
    [Number.NaN, 'WRONG_TYPE', 'NaN'],
    [undefined, 'WRONG_TYPE', 'undefined'],
  ],
  bool: [
    [2, 'WRONG_TYPE', '2'],
    ['true', 'WRONG_TYPE', '"true"'],
    [1n, 'WRONG_TYPE', '1n'],
    [undefined, 'WRONG_TYPE', 'undefined'],
  ],
  utf8: [
    [LONE, 'LONE_SURROGATE', '\\ud83d'],
    ['\udc00', 'LONE_SURROGATE', '\\udc00'],
    ['x'.repeat(MIB + 1), 'VALUE_TOO_LARGE', '1048577'],
    ['é'.repeat(MIB / 2 + 1), 'VALUE_TOO_LARGE', '1048578'],
    [1, 'WRONG_TYPE', '1'],
    [Buffer.from('x'), 'WRONG_TYPE', 'a Buffer'],
    [undefined, 'WRONG_TYPE', 'undefined'],
  ],
  bytes: [
    [new Uint8Array(MIB + 1), 'VALUE_TOO_LARGE', '1048577'],
    ['x', 'WRONG_TYPE', '"x"'],
    [[1, 2], 'WRONG_TYPE', 'an array of 2'],
    [new Uint16Array(2), 'WRONG_TYPE', 'a Uint16Array'],
    [new ArrayBuffer(2), 'WRONG_TYPE', 'ArrayBuffer'],
    [undefined, 'WRONG_TYPE', 'undefined'],
  ],
};
const BAD_TIMES: Readonly<Record<'ms' | 'us', readonly Bad[]>> = {
  ms: [
    [0.5, 'INVALID_TIMESTAMP', '0.5'],
    [2 ** 53, 'INVALID_TIMESTAMP', '9007199254740992'],
    [2n ** 53n, 'INVALID_TIMESTAMP', '9007199254740992n'],
    [Number.NaN, 'INVALID_TIMESTAMP', 'NaN'],
    [Number.NEGATIVE_INFINITY, 'INVALID_TIMESTAMP', '-Infinity'],
    ['2024-01-01', 'INVALID_TIMESTAMP', '"2024-01-01"'],
    [new Date(0), 'INVALID_TIMESTAMP', 'a Date'],
    [null, 'INVALID_TIMESTAMP', 'null'],
    [undefined, 'INVALID_TIMESTAMP', 'undefined'],
  ],
  us: [
    [1, 'INVALID_TIMESTAMP', '1'],
    [2n ** 63n, 'INVALID_TIMESTAMP', '9223372036854775808n'],
    [-(2n ** 63n) - 1n, 'INVALID_TIMESTAMP', '-9223372036854775809n'],
    [null, 'INVALID_TIMESTAMP', 'null'],
  ],
};

const ALL: TableInfo = {
  name: 'all',
  unit: 'ms',
  // A string, a null and a float can each come before and after every kind of bad value.
  columns: (['utf8', 'f64', 'bytes', 'i64', 'bool', 'i32', 'f32', 'utf8'] as const).map((type, i) => ({
    name: `${type} ${i}`,
    type,
  })),
};
const OPTIONS = { writers: 1, commitIntervalMs: 10, durability: 'interval' } as const;

describe('a value that is refused', () => {
  const where = fc.record({
    rows: fc.integer({ min: 1, max: 80 }),
    badRow: fc.nat(),
    column: fc.integer({ min: -1, max: ALL.columns.length - 1 }),
    which: fc.nat(),
    unit: fc.constantFrom('ms' as const, 'us' as const),
    form: fc.constantFrom('row' as const, 'batch' as const),
    seed: fc.integer(),
    turns: fc.nat(20),
  });

  it('leaves the table as if the call had not been made, wherever in a row or batch it stands', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(where, { minLength: 1, maxLength: 12 }), async (calls) => {
        const session = new ModelSession(OPTIONS);
        const tables = { ms: ALL, us: { ...ALL, name: 'all us', unit: 'us' as const } };
        for (const info of Object.values(tables)) await session.createTable(info);
        for (const call of calls) {
          const info = tables[call.unit];
          const model = session.tables.get(info.name)!;
          const types = info.columns.map(({ type }) => type);
          const good = randomRows(call.seed, call.rows, call.unit, types);
          const bads = call.column < 0 ? BAD_TIMES[call.unit] : BAD_VALUES[types[call.column]!];
          const [value, code, names] = bads[call.which % bads.length]!;
          const badRow = call.badRow % call.rows;
          const batch = batchOf('plain', info, good) as { ts: unknown[]; columns: Record<string, unknown[]> };
          if (call.column < 0) batch.ts[badRow] = value;
          else batch.columns[info.columns[call.column]!.name]![badRow] = value;
          const table = session.table(model);
          if (call.form === 'batch') {
            const error = await refused(code, names, () => table.append(batch as never));
            assert.match(error.message, new RegExp(`row ${badRow}\\b`), 'the message names the row');
          } else {
            session.appendRows(model, good.slice(0, badRow));
            const row = info.columns.map(({ name }) => batch.columns[name]![badRow]);
            await refused(code, names, () => table.appendRow(batch.ts[badRow] as never, row as never));
          }
          for (let turn = 0; turn < call.turns; turn++) session.engine.turn();
          // Rows without a null where the refused row had one, and the other way round.
          session.appendRows(model, randomRows(call.seed + 1, 3, call.unit, types));
          session.append(model, 'typed', randomRows(call.seed + 2, 3, call.unit, types));
        }
        await session.checkAll();
        await session.reopen(OPTIONS);
        session.drop();
      }),
      { numRuns: 60, includeErrorInReport: true },
    );
  });

  it('is each of these, in a row and in a batch', async () => {
    const session = new ModelSession(OPTIONS);
    for (const [type, bads] of Object.entries(BAD_VALUES)) {
      const info: TableInfo = {
        name: type,
        unit: 'ms',
        columns: [{ name: 'value', type: type as ColumnType }],
      };
      await session.createTable(info);
      const table = session.table(session.tables.get(type)!);
      for (const [value, code, names] of bads) {
        await refused(code, names, () => table.appendRow(1, [value] as never));
        await refused(code, names, () => table.append({ ts: [1], columns: { value: [value] } } as never));
      }
    }
    await session.checkAll();
    await session.db.close();
  });

  it('may lie under a 0 of the validity bitmap, where nothing is looked at', async () => {
    const db = NanoTsDbShared.over(new InlineEngine());
    const table = await db.createTable('t', [
      { name: 'text', type: 'utf8' },
      { name: 'more', type: 'utf8' },
      { name: 'flag', type: 'bool' },
    ]);
    const bits = Uint8Array.of(0b10);
    const validity = { text: bits, more: bits, flag: bits };
    const flag = Uint8Array.of(200, 1);
    for (const rubbish of [5, undefined, LONE, 'x'.repeat(9 * MIB)]) {
      table.append({
        ts: [1, 2],
        columns: { text: [rubbish, 'x'], more: [LONE, 'y'], flag } as never,
        validity,
      });
    }
    const rows = await table.query({ limit: 2 });
    assert.deepEqual(rows.columns, { text: ['', ''], more: ['', ''], flag: Uint8Array.of(0, 0) });
    assert.equal(await table.lastSeq(), 8);
    await db.close();
  });
});

describe('a row', () => {
  it('with too few or too many values, or no array at all, is refused', async () => {
    await withTable(async (table) => {
      await refused('WRONG_ARITY', '2', () => table.appendRow(1, [1, 'x'] as never));
      await refused('WRONG_ARITY', '4', () => table.appendRow(1, [1, 'x', null, 4] as never));
      await refused('WRONG_ARITY', '0', () => table.appendRow(1, [] as never));
      for (const [values, names] of [
        [null, 'null'],
        [undefined, 'undefined'],
        [{ a: 1 }, 'a Object'],
        ['abc', '"abc"'],
        [7, '7'],
      ] as const) {
        await refused('WRONG_TYPE', names, () => table.appendRow(1, values as never));
      }
    });
  });

  it('whose strings and bytes together exceed 8 MiB is refused, of exactly 8 MiB is taken', async () => {
    const session = new ModelSession({ ...OPTIONS, memoryBudgetBytes: 32 * MIB });
    const info: TableInfo = {
      name: 't',
      unit: 'ms',
      columns: Array.from({ length: 9 }, (_, i) => ({ name: `c${i}`, type: i % 2 === 0 ? 'utf8' : 'bytes' })),
    };
    await session.createTable(info);
    const model = session.tables.get('t')!;
    const table = session.table(model);
    const cells = (last: string) => [...Array.from({ length: 8 }, (_, i) => `${i}`.repeat(MIB)), last];
    const values = (last: string) => cells(last).map((cell, i) => toValue(info.columns[i]!.type, cell));
    for (let i = 0; i < 2; i++) {
      await refused('ROW_TOO_LARGE', '8388609', () => table.appendRow(1, values('!') as never));
      session.appendRows(model, [{ ts: 1n, cells: cells('') }]);
      const rows = [{ ts: 2n, cells: cells('') }];
      session.append(model, 'plain', rows);
      const tooMuch = batchOf('plain', info, [...rows, { ts: 3n, cells: cells('!') }]);
      await refused('ROW_TOO_LARGE', '8388609', () => table.append(tooMuch as never));
    }
    await session.checkAll();
    await session.db.close();
  });
});

describe('a batch', () => {
  it('that is no batch is refused', async () => {
    await withTable(async (table) => {
      for (const batch of [
        undefined,
        null,
        5,
        'rows',
        [],
        {},
        { ts: [1] },
        { columns: {} },
        { ts: 1, columns: {} },
      ]) {
        await refused('WRONG_TYPE', /takes \{ ts, columns/, () => table.append(batch as never));
      }
      await refused('WRONG_TYPE', 'takes', () => table.append({ ...good(), validity: 5 } as never));
      await refused('WRONG_TYPE', 'takes', () =>
        table.append({ ...good(), ts: new DataView(new ArrayBuffer(8)) } as never),
      );
    });
  });

  it('with an unknown column, or without one of the table, is refused', async () => {
    await withTable(async (table) => {
      const { ts, columns } = good();
      await refused('UNKNOWN_COLUMN', '"d"', () =>
        table.append({ ts, columns: { ...columns, d: [1] } } as never),
      );
      await refused('UNKNOWN_COLUMN', '"ts"', () =>
        table.append({ ts, columns: { ...columns, ts: [1] } } as never),
      );
      await refused('WRONG_ARITY', 'b, c', () => table.append({ ts, columns: { a: [1] } } as never));
      const validity = { d: Uint8Array.of(1) };
      await refused('UNKNOWN_COLUMN', '"d"', () => table.append({ ts, columns, validity } as never));
    });
  });

  it('with columns or bitmaps of another length is refused', async () => {
    await withTable(async (table) => {
      const { ts, columns } = good();
      await refused('WRONG_LENGTH', /"a" has 2 values, ts has 1/, () =>
        table.append({ ts, columns: { ...columns, a: [1, 2] } }),
      );
      await refused('WRONG_LENGTH', /"a" has 0 values/, () =>
        table.append({ ts, columns: { ...columns, a: new Float64Array(0) } }),
      );
      await refused('WRONG_LENGTH', /"b".*at least 1 byte/, () =>
        table.append({ ts, columns, validity: { b: new Uint8Array(0) } }),
      );
      await refused('WRONG_TYPE', /"b".*an array of 1/, () =>
        table.append({ ts, columns, validity: { b: [true] as never } }),
      );
    });
  });

  it('with a typed array of another type is refused, though its values would fit', async () => {
    await withTable(async (table) => {
      const { ts, columns } = good();
      for (const a of [new Float32Array(1), new Int32Array(1), new Uint8Array(1), new BigInt64Array(1)]) {
        await refused('WRONG_TYPE', a.constructor.name, () =>
          table.append({ ts, columns: { ...columns, a } } as never),
        );
      }
      const bytes = new Uint8Array(1);
      await refused('WRONG_TYPE', /"b".*Uint8Array/, () =>
        table.append({ ts, columns: { ...columns, b: bytes } } as never),
      );
      await refused('WRONG_TYPE', /"a".*5/, () =>
        table.append({ ts, columns: { ...columns, a: 5 } } as never),
      );
    });
  });

  it('with a bool that is neither 0 nor 1 in a Uint8Array is refused', async () => {
    const db = NanoTsDbShared.over(new InlineEngine());
    const table = await db.createTable('t', [{ name: 'on', type: 'bool' }]);
    await refused('WRONG_TYPE', '2', () =>
      table.append({ ts: [1, 2], columns: { on: Uint8Array.of(1, 2) } }),
    );
    assert.equal(await table.lastSeq(), 0);
    await db.close();
  });
});

describe('a table', () => {
  const names: readonly (readonly [unknown, ErrorCode, string])[] = [
    ['', 'INVALID_NAME', '""'],
    ['x'.repeat(256), 'INVALID_NAME', '256 bytes'],
    ['é'.repeat(128), 'INVALID_NAME', '256 bytes'],
    ['a\ud800', 'INVALID_NAME', '\\ud800'],
    ['a\nb', 'INVALID_NAME', '\\n'],
    ['\0', 'INVALID_NAME', '\\u0000'],
    ['\x7f', 'INVALID_NAME', 'control'],
    [undefined, 'INVALID_NAME', 'undefined'],
    [5, 'INVALID_NAME', '5'],
    [null, 'INVALID_NAME', 'null'],
  ];

  it('with a bad name is not made', async () => {
    const db = NanoTsDbShared.over(new InlineEngine());
    for (const [name, code, text] of names) {
      await refused(code, text, () => db.createTable(name as string, ['a']));
      await refused(code, text, () => db.createTableSync(name as string, ['a']));
      await refused(code, text, () => db.appendValue(name as string, 1, 1));
    }
    assert.deepEqual(db.listTables(), []);
    await db.close();
  });

  it('with bad columns is not made', async () => {
    const db = NanoTsDbShared.over(new InlineEngine());
    const create = (columns: unknown, options?: unknown) => () =>
      db.createTable('t', columns as never, options as never);
    for (const [name, code, text] of names) {
      if (name !== undefined) await refused(code, text, create(['fine', { name }]));
      if (typeof name === 'string') await refused(code, text, create(['fine', name]));
    }
    await refused('RESERVED_NAME', '"ts"', create(['a', 'ts']));
    await refused('DUPLICATE_COLUMN', '"a"', create(['a', 'b', { name: 'a', type: 'i64' }]));
    await refused('WRONG_TYPE', '"f16"', create([{ name: 'a', type: 'f16' }]));
    await refused('WRONG_TYPE', 'null', create([{ name: 'a', type: null }]));
    await refused('NO_COLUMNS', '"t"', create([]));
    await refused('INVALID_OPTION', 'undefined', create(undefined));
    await refused('INVALID_OPTION', '"abc"', create('abc'));
    await refused('INVALID_OPTION', 'a Object', create({ a: 'f64' }));
    await refused('TOO_MANY', '4097', create(Array.from({ length: 4097 }, (_, i) => `c${i}`)));
    await refused('INVALID_NAME', 'undefined', create([{}]));
    await refused('INVALID_NAME', 'undefined', create([null]));
    await refused('INVALID_OPTION', '"s"', create(['a'], { unit: 's' }));
    assert.deepEqual(db.listTables(), []);
    await db.close();
  });

  it('with bad options is not made', async () => {
    const db = NanoTsDbShared.over(new InlineEngine());
    const create = (options: unknown) => () => db.createTable('t', ['a'], options as never);
    await refused('INVALID_OPTION', '"s"', create({ unit: 's' }));
    await refused('INVALID_OPTION', 'null', create({ unit: null }));
    await refused('INVALID_OPTION', '"units"', create({ units: 'us' }));
    await refused('INVALID_OPTION', 'null', create(null));
    await refused('INVALID_OPTION', '"us"', create('us'));
    assert.deepEqual(db.listTables(), []);
    await db.close();
  });

  it('may have any other name of up to 255 bytes', async () => {
    const db = NanoTsDbShared.over(new InlineEngine());
    const fine = [
      'x'.repeat(255),
      'é'.repeat(127),
      ' ',
      '../etc',
      '__proto__',
      'toString',
      'ts',
      '🏭',
      '"',
      "'; drop",
    ];
    for (const name of fine) {
      const columns = fine.filter((column) => column !== 'ts');
      const table = await db.createTable(name, columns);
      table.appendRow(1, columns.map(Number) as never);
      const rows = await table.query({ columns: ['toString', '__proto__'] as never });
      assert.deepEqual(Object.keys(rows.columns), ['toString', '__proto__']);
    }
    assert.deepEqual(db.listTables(), [...fine].sort());
    await db.close();
  });

  it('is found again with the same columns, and refused with any others', async () => {
    await withTable(async (table, db) => {
      const same = [...COLUMNS];
      assert.equal(await (await db.createTable('t', same)).lastSeq(), 1);
      const others: readonly (readonly [unknown, unknown])[] = [
        [same.slice(0, 2), {}],
        [[...same, 'd'], {}],
        [[same[1], same[0], same[2]], {}],
        [['a', 'b', 'c'], {}],
        [same, { unit: 'us' }],
      ];
      for (const [columns, options] of others) {
        await refused('TABLE_EXISTS', '"t"', () => db.createTable('t', columns as never, options as never));
      }
      await refused('TABLE_EXISTS', '"t"', () => db.appendValue('t', 1, 1));
      assert.deepEqual(db.listTables(), ['t']);
      assert.equal(table.columns.length, 3);
    });
  });

  it('that is unknown is named by every call that looks for it', async () => {
    await withTable(async (_table, db) => {
      const nowhere = 'nowhere';
      const calls = [
        () => db.table(nowhere),
        () => db.schema(nowhere),
        () => db.timeRange(nowhere),
        () => db.lastSeq(nowhere),
        () => db.queryTableRangeColumns(nowhere, 0, 1),
      ];
      for (const call of calls) await refused('UNKNOWN_TABLE', '"nowhere"', call);
      await refused('UNKNOWN_TABLE', '5', () => db.table(5 as never));
      assert.equal(db.hasTable(nowhere), false);
    });
  });
});

describe('a series of appendValue', () => {
  it('is not even made when its first value is refused', async () => {
    const db = NanoTsDbShared.over(new InlineEngine());
    await refused('INVALID_TIMESTAMP', '0.5', () => db.appendValue('s', 0.5, 1));
    await refused('WRONG_TYPE', '"1"', () => db.appendValue('s', 1, '1' as never));
    assert.deepEqual(db.listTables(), []);
    db.appendValue('s', 1, 1);
    assert.equal(await db.lastSeq('s'), 1);
    await db.close();
  });
});

describe('a query', () => {
  const bad: readonly (readonly [unknown, ErrorCode, string])[] = [
    [{ columns: ['nope'] }, 'UNKNOWN_COLUMN', '"nope"'],
    [{ columns: ['ts'] }, 'UNKNOWN_COLUMN', '"ts"'],
    [{ columns: [5] }, 'UNKNOWN_COLUMN', '5'],
    [{ columns: ['a', 'a'] }, 'DUPLICATE_COLUMN', '"a"'],
    [{ columns: 'a' }, 'INVALID_OPTION', '"a"'],
    [{ from: 'yesterday' }, 'INVALID_TIMESTAMP', '"yesterday"'],
    [{ to: new Date(0) }, 'INVALID_TIMESTAMP', 'a Date'],
    [{ from: Number.NaN }, 'INVALID_TIMESTAMP', 'NaN'],
    [{ to: null }, 'INVALID_TIMESTAMP', 'null'],
    [{ limit: -1 }, 'INVALID_OPTION', '-1'],
    [{ limit: 1.5 }, 'INVALID_OPTION', '1.5'],
    [{ limit: '1' }, 'INVALID_OPTION', '"1"'],
    [{ limit: null }, 'INVALID_OPTION', 'null'],
    [{ order: 'ascending' }, 'INVALID_OPTION', '"ascending"'],
    [{ ts: 'no' }, 'INVALID_OPTION', '"no"'],
    [{ where: { column: 'a' } }, 'INVALID_OPTION', 'a Object'],
    [{ where: [null] }, 'UNKNOWN_COLUMN', 'undefined'],
    [{ where: [{ column: 'nope', op: '=', value: 1 }] }, 'UNKNOWN_COLUMN', '"nope"'],
    [{ where: [{ column: 'a', op: '==', value: 1 }] }, 'INVALID_OPTION', '"=="'],
    [{ where: [{ column: 'a', op: '=', value: '1' }] }, 'WRONG_TYPE', '"1"'],
    [{ where: [{ column: 'a', op: '=', value: null }] }, 'WRONG_TYPE', 'null'],
    [{ where: [{ column: 'b', op: '=', value: 1 }] }, 'WRONG_TYPE', '1'],
    [{ where: [{ column: 'c', op: '>', value: 1.5 }] }, 'WRONG_TYPE', '1.5'],
    [{ colums: ['a'] }, 'INVALID_OPTION', '"colums"'],
    [{ signal: {} }, 'INVALID_OPTION', 'a Object'],
    [null, 'INVALID_OPTION', 'null'],
    [5, 'INVALID_OPTION', '5'],
  ];

  it('that makes no sense is refused, as is a scan', async () => {
    await withTable(async (table) => {
      for (const [options, code, text] of bad) {
        await refused(code, text, () => table.query(options as never));
        await refused(code, text, () => table.scan(options as never).next());
      }
      for (const batchRows of [0, -1, 1.5, '5', null]) {
        await refused('INVALID_OPTION', String(batchRows), () => table.scan({ batchRows } as never).next());
      }
    });
  });

  it('of a us table takes bigints alone', async () => {
    const db = NanoTsDbShared.over(new InlineEngine());
    const table = await db.createTable('t', ['a'], { unit: 'us' });
    await refused('INVALID_TIMESTAMP', '5', () => table.query({ from: 5 as never }));
    await refused('INVALID_TIMESTAMP', '5', () => db.queryTableRangeColumns('t', 0n, 5));
    await db.close();
  });
});

describe('a handle that was closed', () => {
  it('refuses every call but another close', async () => {
    const db = NanoTsDbShared.over(new InlineEngine());
    const table = await db.createTable('t', ['a']);
    table.appendRow(1, [1]);
    db.appendValue('s', 1, 1);
    const scan = table.scan({ batchRows: 1 });
    await db.close();
    const calls: Record<string, () => unknown> = {
      createTable: () => db.createTable('t', ['a']),
      createTableSync: () => db.createTableSync('t', ['a']),
      table: () => db.table('t'),
      hasTable: () => db.hasTable('t'),
      listTables: () => db.listTables(),
      schema: () => db.schema('t'),
      appendValue: () => db.appendValue('s', 1, 1),
      'appendValue of another series': () => db.appendValue('s2', 1, 1),
      queryTableRangeColumns: () => db.queryTableRangeColumns('t', 0, 1),
      timeRange: () => db.timeRange('t'),
      'lastSeq of a table': () => db.lastSeq('t'),
      lastSeq: () => db.lastSeq(),
      sync: () => db.sync(),
      flush: () => db.flush(),
      drained: () => db.drained(),
      stats: () => db.stats(),
      'Table.appendRow': () => table.appendRow(1, [1]),
      'Table.append': () => table.append({ ts: [1], columns: { a: [1] } }),
      'Table.query': () => table.query(),
      'Table.scan': () => table.scan().next(),
      'a scan begun before': () => scan.next(),
      'Table.timeRange': () => table.timeRange(),
      'Table.lastSeq': () => table.lastSeq(),
    };
    for (const [name, call] of Object.entries(calls)) {
      await refused('CLOSED', 'closed', call).catch((error) => {
        throw new Error(`${name}: ${error.message}`);
      });
    }
    await db.close();
    await db[Symbol.asyncDispose]();
  });

  it('refuses the rest of a scan that was under way', async () => {
    const db = NanoTsDbShared.over(new InlineEngine());
    const table = await db.createTable('t', ['a']);
    for (let i = 0; i < 100; i++) table.appendRow(i, [i]);
    await db.flush();
    for (let i = 0; i < 100; i++) table.appendRow(1000 + i, [i]);
    await db.flush();
    const scan = table.scan({ batchRows: 50 });
    assert.equal((await scan.next()).value?.rowCount, 50);
    await db.close();
    await refused('CLOSED', 'closed', async () => {
      for await (const _ of scan);
    });
  });
});

const COLUMNS = ['a', { name: 'b', type: 'utf8' }, { name: 'c', type: 'i64' }] as const;
type Small = Table<typeof COLUMNS, 'ms'>;

/** Runs bad calls against a table of one row; fails if that is not all it has afterwards, or it takes no more rows. */
async function withTable(calls: (table: Small, db: NanoTsDbShared) => Promise<void>): Promise<void> {
  const db = NanoTsDbShared.over(new InlineEngine());
  const table = await db.createTable('t', COLUMNS);
  table.appendRow(1, [1, 'x', null]);
  const before = await table.query();
  await calls(table, db);
  assert.deepEqual(await table.query(), before);
  table.append(good());
  table.appendRow(3, [3, null, 3n]);
  await db.flush();
  const after: Rows = await table.query();
  assert.deepEqual(after.columns, {
    a: Float64Array.of(1, 2, 3),
    b: ['x', 'two', ''],
    c: BigInt64Array.of(0n, 2n, 3n),
  });
  assert.deepEqual(after.validity, { b: Uint8Array.of(0b011), c: Uint8Array.of(0b110) });
  await db.close();
}

function good() {
  return { ts: [2], columns: { a: [2], b: ['two'], c: [2n] } };
}
