import type { ColumnSource } from '../codec/column-data.ts';
import type { ColumnType } from '../schema/types.ts';
import type { ChunkLayout } from './layout.ts';
import type { MemoryViews } from './views.ts';

/**
 * A chunk's columns in place, `ts` first. They are views on shared memory: only rows below the chunk's ROWS may be read,
 * and only while the chunk is held (by the writer until it frees it).
 */
export function chunkSources(
  views: MemoryViews,
  layout: ChunkLayout,
  data: number,
  time: 'f64' | 'i64',
): ColumnSource[] {
  const { capacity } = layout;
  const arena = views.u8.subarray(data + layout.arena, data + layout.bytes);
  const sources: ColumnSource[] = [
    {
      kind: time,
      isTime: true,
      values: valuesAt(views, time, data, capacity),
      validity: undefined,
      arena: undefined,
    },
  ];
  for (const column of layout.columns) {
    sources.push({
      kind: column.kind,
      isTime: false,
      values: valuesAt(views, column.kind, data + column.values, capacity),
      validity: views.u8.subarray(data + column.validity, data + column.validity + Math.ceil(capacity / 8)),
      arena,
    });
  }
  return sources;
}

function valuesAt(
  views: MemoryViews,
  kind: ColumnType,
  at: number,
  capacity: number,
): ColumnSource['values'] {
  switch (kind) {
    case 'f64':
      return views.f64.subarray(at / 8, at / 8 + capacity);
    case 'f32':
      return views.f32.subarray(at / 4, at / 4 + capacity);
    case 'i64':
      return views.i64.subarray(at / 8, at / 8 + capacity);
    case 'i32':
      return views.i32.subarray(at / 4, at / 4 + capacity);
    case 'bool':
      return views.u8.subarray(at, at + capacity);
    default:
      return views.u32.subarray(at / 4, at / 4 + 2 * capacity);
  }
}
