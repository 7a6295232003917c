import { SLABS_AT } from '../chunk/header.ts';
import { type MemoryViews, memoryViews } from '../chunk/views.ts';
import { Control } from './control.ts';
import { BlockDirectory } from './directory.ts';
import { TableWords } from './table-words.ts';

/** What is handed to a thread so that it shares a database: plain, clonable data. */
export interface SharedHandles {
  readonly control: SharedArrayBuffer;
  readonly tables: SharedArrayBuffer;
  /** One memory a writer. */
  readonly memories: readonly WebAssembly.Memory<SharedArrayBuffer>[];
  readonly directories: readonly SharedArrayBuffer[];
}

/** A database's shared memory as one thread sees it. */
export interface SharedState {
  readonly control: Control;
  readonly tables: TableWords;
  readonly memories: readonly MemoryViews[];
  readonly directories: readonly BlockDirectory[];
  readonly handles: SharedHandles;
}

const WASM_PAGE = 65_536;

/**
 * Makes a database's shared memory: untouched, it costs address space only.
 * @param chunkBytes bytes for the chunks of each writer
 */
export function createSharedState(writers: number, chunkBytes: number): SharedState {
  const control = new Control();
  const tables = new TableWords();
  const pages = Math.min(65_536, Math.ceil((SLABS_AT + chunkBytes) / WASM_PAGE));
  const memories = Array.from(
    { length: writers },
    () => new WebAssembly.Memory<SharedArrayBuffer>({ initial: pages, maximum: pages, shared: true }),
  );
  const directories = memories.map((_, writer) => new BlockDirectory(control, tables, writer).buffer);
  return attachSharedState({ control: control.buffer, tables: tables.buffer, memories, directories });
}

/** The shared memory of a database that another thread made. */
export function attachSharedState(handles: SharedHandles): SharedState {
  const control = new Control(handles.control);
  const tables = new TableWords(handles.tables);
  return {
    control,
    tables,
    memories: handles.memories.map(memoryViews),
    directories: handles.directories.map(
      (buffer, writer) => new BlockDirectory(control, tables, writer, buffer),
    ),
    handles,
  };
}

/** Which writer a table belongs to, until the database is closed. */
export function writerOf(tableId: number, writers: number): number {
  return tableId % writers;
}
