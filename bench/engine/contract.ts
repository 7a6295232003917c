/** What one child process is told to do: workload W's rows, appended in one of many ways. */
export interface EngineJob {
  readonly tables: number;
  readonly rowsPerTable: number;
  /** So many times the same rows, each time later: for more rows than are good to hold in memory. */
  readonly passes: number;
  /** Rows of one call; 1: by `rowAppender`. */
  readonly batchRows: number;
  readonly writers: number;
  /** Threads that append, the opening one among them; each has its own tables. */
  readonly producers: number;
  readonly durability: 'interval' | 'always' | 'none';
  /** An empty folder of its own. */
  readonly folder: string;
}

/** A job without what the runner adds. */
export type EngineWork = Omit<EngineJob, 'folder'>;

/** What it tells of it. */
export interface EngineOutcome {
  readonly rows: number;
  /** From the first append to everything durable. */
  readonly seconds: number;
  /** Of them after the last append. */
  readonly endSeconds: number;
  /** Of one append call, in µs. Of those for one row each 64th is timed. */
  readonly append: Latency;
  /** ms from opening the closed file for reading to the first row of the first answer. */
  readonly openMs: number;
  /** CPU seconds of the process with all its threads, from the first append to durable. */
  readonly cpuSeconds: number;
  /** Bytes that the process grew by from before the database was opened to its peak while rows were appended. */
  readonly grownBytes: number;
  /** Most that the chunk memory may take of them. */
  readonly budgetBytes: number;
  readonly fileBytes: number;
  /** What was wrong with the answers, in words. */
  readonly wrong: readonly string[];
}

export interface Latency {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

/** What a producer thread is given. */
export interface ProducerJob {
  readonly ticket: unknown;
  readonly job: EngineJob;
  readonly producer: number;
  /** Int32: how many are ready, whether they may start, how many are done. */
  readonly gate: SharedArrayBuffer;
}

/** Words of the gate. */
export const READY = 0;
export const START = 1;
