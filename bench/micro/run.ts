import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { Bench } from 'tinybench';
import { NanoTsDbShared } from '../../src/main/index.ts';
import { ColumnTarget } from '../../src/shared/codec/column-target.ts';
import { decodeVectorInto } from '../../src/shared/codec/decode.ts';
import { encodeColumn } from '../../src/shared/codec/encode-column.ts';
import { ByteSink } from '../../src/shared/format/byte-sink.ts';
import { DescriptorRing, ringStorage } from '../../src/shared/ring/descriptor-ring.ts';
import { sourcesOf } from '../roofline/stages.ts';
import type { Figure, PartOptions, PartResult } from '../suite/figures.ts';
import { generateW, partOf, W_COLUMNS } from '../workload/workload-w.ts';

const VECTOR = 1024;

/** The small parts by themselves, by tinybench: a task's rounds are interleaved with the others'. */
export async function microLayer(options: PartOptions): Promise<PartResult> {
  const path = join(options.folder, 'micro.ntt');
  const db = await NanoTsDbShared.open(path);
  const [table] = generateW({ tables: 1, rowsPerTable: 100 * VECTOR });
  const rows = await db.createTable('rows', W_COLUMNS);
  const batches = await db.createTable('batches', W_COLUMNS);
  const sources = sourcesOf(table!);
  const sink = new ByteSink(1 << 16);
  const target = new ColumnTarget('f64', false, false, VECTOR);
  const encoded = sources.map((source) => {
    sink.clear();
    encodeColumn(sink, source, 0, VECTOR);
    return sink.written().slice();
  });
  const ring = new DescriptorRing(ringStorage());
  const page = new Uint8Array(4096).fill(7);
  const file = openSync(join(options.folder, 'micro.tmp'), 'w');
  const pushAndPop = (): void => {
    ring.push(1);
    ring.drain(() => {});
  };
  const commit = (): void => {
    writeSync(file, page);
    fdatasyncSync(file);
  };
  let row = 0;
  let later = 0;
  const { count, pressure, temp, ts, vib } = table!;

  const tasks: (readonly [id: string, title: string, per: number, run: () => unknown])[] = [
    ['ring', 'ring: push and pop a descriptor', 1, pushAndPop],
    [
      'append-row',
      'appendRow, 4 doubles',
      VECTOR,
      async () => {
        let goOn = true;
        for (let i = 0; i < VECTOR; i++, row++) {
          goOn = rows.appendRow(ts[0]! + row, [temp[i]!, pressure[i]!, vib[i]!, count[i]!]);
        }
        if (!goOn) await db.drained();
      },
    ],
    [
      'append-batch',
      'append, 1,024 rows of 4 doubles',
      VECTOR,
      async () => {
        const { ts, columns } = partOf(table!, 0, VECTOR);
        const batch = { ts: ts.map((time) => time + later), columns };
        later += 200_000;
        if (!batches.append(batch)) await db.drained();
      },
    ],
    ...sources.map((source, i) => {
      const name = ['ts', ...W_COLUMNS][i]!;
      const run = (): void => {
        sink.clear();
        encodeColumn(sink, source, 0, VECTOR);
      };
      return [`encode-${name}`, `encode ${name}, 1,024 values`, VECTOR, run] as const;
    }),
    ...encoded.map((bytes, i) => {
      const name = ['ts', ...W_COLUMNS][i]!;
      const to = i === 0 ? new ColumnTarget('f64', true, true, VECTOR) : target;
      return [
        `decode-${name}`,
        `decode ${name}, 1,024 values`,
        VECTOR,
        () => decodeVectorInto(bytes, 0, to, 0),
      ] as const;
    }),
    ['crc', 'CRC-32 of 4 KiB', 4096, () => crc32(page)],
    ['commit', 'write 4 KiB and fdatasync', 1, commit],
  ];
  try {
    const samples = new Map<string, number[]>(tasks.map(([id]) => [id, []]));
    for (let round = 0; round < options.rounds; round++) {
      const bench = new Bench({ time: options.isQuick ? 60 : 300, warmup: round === 0 });
      for (const [id, , , run] of tasks) bench.add(id, run);
      await bench.run();
      for (const task of bench.tasks) {
        const { result } = task;
        if (result.state !== 'completed') throw new Error(`${task.name} ended ${result.state}`);
        samples.get(task.name)!.push(result.latency.p50);
      }
      options.say(`micro, round ${round + 1} of ${options.rounds}`);
    }
    const figures: Figure[] = tasks.map(([id, title, per]) => ({
      id: `micro/${id}`,
      title: per === 1 ? title : `${title}, each`,
      unit: per === 1 ? 'µs' : 'ns',
      better: 'lower',
      values: samples.get(id)!.map((ms) => (per === 1 ? ms * 1e3 : (ms * 1e6) / per)),
    }));
    return {
      part: 'micro',
      title: 'Small parts',
      command: 'npm run bench -- --only micro',
      figures,
      ratios: [],
      notes: ['Medians by tinybench of each round’s calls.'],
      wrong: [],
    };
  } finally {
    closeSync(file);
    rmSync(join(options.folder, 'micro.tmp'));
    await db.close();
  }
}
