import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { W_BATCH_ROWS, W_COLUMNS, type WTable } from '../workload/workload-w.ts';
import type { AppendWork, Contestant, ContestantName, RowsBack } from './contract.ts';
import { PYTHON, PYTHON_FOLDER } from './python-install.ts';

interface Answer {
  /** CPU seconds of the process so far. */
  readonly cpu: number;
  readonly version?: string;
}

/**
 * A Python peer, in a process of its own that has the rows as numpy arrays before the clock starts. A call is a line to
 * it and a line back: a fraction of a millisecond.
 */
export async function startPython(name: ContestantName): Promise<Contestant> {
  // For rows given and read back; not among the bytes of the engine.
  const exchange = mkdtempSync(join(tmpdir(), 'millrace-peers-'));
  process.once('exit', () => rmSync(exchange, { recursive: true, force: true }));
  const child = spawn(PYTHON, [join(PYTHON_FOLDER, 'serve.py'), name], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  process.once('exit', () => child.kill('SIGKILL'));
  const ended = once(child, 'exit').then(() => {
    throw new Error(`the Python process of ${name} ended; what it said stands above`);
  });
  // Told to whoever waits for an answer.
  ended.catch(() => {});
  const call = caller(child.stdin, child.stdout, ended);
  const { version, cpu } = await call({ do: 'version' });
  return new PythonPeer(call, version!, cpu, exchange);
}

type Call = (what: Readonly<Record<string, unknown>>) => Promise<Answer>;

function caller(input: Writable, output: Readable, ended: Promise<never>): Call {
  const lines = createInterface({ input: output })[Symbol.asyncIterator]();
  return async (what) => {
    input.write(`${JSON.stringify(what)}\n`);
    const { value } = await Promise.race([lines.next(), ended]);
    // The end of its output comes a little before its exit.
    return value === undefined ? ended : (JSON.parse(value) as Answer);
  };
}

class PythonPeer implements Contestant {
  readonly version: string;
  readonly #call: Call;
  #cpu: number;
  readonly #exchange: string;

  constructor(call: Call, version: string, cpu: number, exchange: string) {
    this.version = version;
    this.#call = call;
    this.#cpu = cpu;
    this.#exchange = exchange;
  }

  cpuSeconds(): number {
    return this.#cpu;
  }

  async open(folder: string, tables: readonly WTable[], work: AppendWork): Promise<void> {
    const files = tables.map((table) => [table.name, this.#write(table)]);
    await this.#do({ do: 'open', folder, tables: files, w1: work === 'w1' });
    for (const [, path] of files) rmSync(path!);
  }

  /** Its rows went to the other process before. */
  async appendRows(tables: readonly string[]): Promise<void> {
    await this.#do({ do: 'append', work: 'w1', names: tables, batch: W_BATCH_ROWS });
  }

  async appendBatches(tables: readonly WTable[]): Promise<void> {
    await this.#do({ do: 'append', work: 'w2', names: tables.map(({ name }) => name), batch: W_BATCH_ROWS });
  }

  async makeDurable(): Promise<void> {
    await this.#do({ do: 'durable' });
  }

  async close(): Promise<void> {
    await this.#do({ do: 'close' });
  }

  async reopen(): Promise<void> {
    await this.#do({ do: 'reopen' });
  }

  async compact(): Promise<void> {
    await this.#do({ do: 'compact' });
  }

  async read(table: string): Promise<RowsBack> {
    const into = join(this.#exchange, 'back');
    await this.#do({ do: 'read', name: table, into });
    const bytes = readFileSync(into);
    const all = new Float64Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
    const rows = all.length / (1 + W_COLUMNS.length);
    const [ts, temp, pressure, vib, count] = [0, 1, 2, 3, 4].map((c) => all.slice(c * rows, (c + 1) * rows));
    return { ts: ts!, temp: temp!, pressure: pressure!, vib: vib!, count: count! };
  }

  async #do(what: Readonly<Record<string, unknown>>): Promise<void> {
    this.#cpu = (await this.#call(what)).cpu;
  }

  #write({ name, ts, temp, pressure, vib, count }: WTable): string {
    const path = join(this.#exchange, name);
    writeFileSync(
      path,
      Buffer.concat([ts, temp, pressure, vib, count].map((each) => Buffer.from(each.buffer))),
    );
    return path;
  }
}
