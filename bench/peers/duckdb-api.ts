/** The little of @duckdb/node-api that is used here; the package is not part of the main set-up. */
export interface Vector {
  readonly items: Float64Array;
  flush(): void;
}
export interface Chunk {
  rowCount: number;
  getColumnVector(i: number): Vector;
}
export interface Appender {
  appendDouble(value: number): void;
  endRow(): void;
  appendDataChunk(chunk: Chunk): void;
  closeSync(): void;
}
export interface Connection {
  run(sql: string): Promise<unknown>;
  stream(sql: string): Promise<{ fetchChunk(): Promise<Chunk | null> }>;
  createAppender(table: string): Promise<Appender>;
  closeSync(): void;
}
export interface Instance {
  connect(): Promise<Connection>;
  closeSync(): void;
}
export interface Duck {
  DuckDBInstance: { create(path: string): Promise<Instance> };
  DuckDBDataChunk: { create(types: readonly unknown[], rows: number): Chunk };
  DOUBLE: unknown;
  version(): string;
}
