import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { W_COLUMNS, W_ROW_NUMBERS, type WTable } from '../workload/workload-w.ts';
import type { Contestant, RowsBack } from './contract.ts';
import { PEERS_FOLDER } from './install.ts';
import { QUESTDB_JAR, QUESTDB_VERSION } from './java-install.ts';
import { syncFile } from './sync-file.ts';

/** The little of @questdb/nodejs-client that is used here; the package is not part of the main set-up. */
interface Sender {
  table(name: string): Sender;
  floatColumn(name: string, value: number): Sender;
  at(time: number, unit: 'ms'): Promise<void>;
  flush(): Promise<boolean>;
  close(): Promise<void>;
}
interface Client {
  readonly Sender: { fromConfig(words: string): Promise<Sender> };
}

/** How often it is asked whether the server is there, or has applied its log. */
const ASK_AGAIN_MS = 20;
/** Of /proc: ticks a second. */
const TICKS = 100;

/** QuestDB, a server of its own beside this process, by its client for Node over line protocol (HTTP), which sends 75,000 rows a request by default. */
export class Questdb implements Contestant {
  readonly version = QUESTDB_VERSION;
  #folder = '';
  #port = 0;
  #server!: ChildProcess;
  #sender!: Sender;
  /** CPU seconds of servers that have ended. */
  #cpuBefore = 0;

  cpuSeconds(): number {
    const { user, system } = process.cpuUsage();
    return (user + system) / 1e6 + this.#cpuBefore + cpuOf(this.#server.pid!);
  }

  async open(folder: string): Promise<void> {
    this.#folder = join(folder, 'questdb');
    mkdirSync(this.#folder);
    await this.reopen();
  }

  async reopen(): Promise<void> {
    this.#port = await freePort();
    this.#server = spawn(
      'java',
      ['-p', QUESTDB_JAR, '-m', 'io.questdb/io.questdb.ServerMain', '-d', this.#folder],
      {
        stdio: 'ignore',
        env: {
          ...process.env,
          QDB_HTTP_BIND_TO: `127.0.0.1:${this.#port}`,
          QDB_HTTP_MIN_ENABLED: 'false',
          QDB_LINE_TCP_ENABLED: 'false',
          QDB_PG_ENABLED: 'false',
          QDB_TELEMETRY_ENABLED: 'false',
        },
      },
    );
    const { pid } = this.#server;
    process.once(
      'exit',
      () => pid !== undefined && this.#server.exitCode === null && process.kill(pid, 'SIGKILL'),
    );
    await this.#started();
    const { Sender } = createRequire(join(PEERS_FOLDER, 'package.json'))('@questdb/nodejs-client') as Client;
    this.#sender = await Sender.fromConfig(`http::addr=127.0.0.1:${this.#port};`);
  }

  async appendRows(tables: readonly string[], rows: Float64Array): Promise<void> {
    for (let at = 0; at < rows.length; ) {
      for (let t = 0; t < tables.length; t++, at += W_ROW_NUMBERS)
        await this.#row(tables[t]!, rows[at]!, rows[at + 1]!, rows[at + 2]!, rows[at + 3]!, rows[at + 4]!);
    }
  }

  async appendBatches(tables: readonly WTable[]): Promise<void> {
    for (const { name, ts, temp, pressure, vib, count } of tables) {
      for (let i = 0; i < ts.length; i++)
        await this.#row(name, ts[i]!, temp[i]!, pressure[i]!, vib[i]!, count[i]!);
    }
  }

  async makeDurable(): Promise<void> {
    await this.#sender.flush();
    // It syncs nothing by itself.
    for (const each of readdirSync(this.#folder, { recursive: true, withFileTypes: true }))
      if (each.isFile()) syncFile(join(each.parentPath, each.name));
  }

  async close(): Promise<void> {
    await this.#sender.close();
    this.#cpuBefore += cpuOf(this.#server.pid!);
    const ended = once(this.#server, 'exit');
    this.#server.kill('SIGTERM');
    await ended;
  }

  async compact(): Promise<void> {
    throw new Error('QuestDB has no compaction of its own to be weighed by');
  }

  async read(table: string): Promise<RowsBack> {
    // What is committed lies in its log, and is seen once it is applied.
    for (;;) {
      const [[written, known] = []] = await this.#rowsOf(
        `SELECT writerTxn, sequencerTxn FROM wal_tables() WHERE name = '${table}'`,
      );
      if (written === known) break;
      await pause(ASK_AGAIN_MS);
    }
    const query = `SELECT timestamp, ${W_COLUMNS.join(', ')} FROM "${table}"`;
    const text = await (await this.#get('exp', query)).text();
    const lines = text.trimEnd().split('\n').slice(1);
    const [ts, temp, pressure, vib, count] = Array.from(
      { length: W_ROW_NUMBERS },
      () => new Float64Array(lines.length),
    );
    for (const [i, line] of lines.entries()) {
      const cells = line.trimEnd().split(',');
      ts![i] = Date.parse(cells[0]!.replaceAll('"', ''));
      for (const [c, column] of [temp, pressure, vib, count].entries()) column![i] = Number(cells[c + 1]);
    }
    return { ts: ts!, temp: temp!, pressure: pressure!, vib: vib!, count: count! };
  }

  async #row(
    table: string,
    ts: number,
    temp: number,
    pressure: number,
    vib: number,
    count: number,
  ): Promise<void> {
    await this.#sender
      .table(table)
      .floatColumn('temp', temp)
      .floatColumn('pressure', pressure)
      .floatColumn('vib', vib)
      .floatColumn('count', count)
      .at(ts, 'ms');
  }

  async #started(): Promise<void> {
    for (;;) {
      if (this.#server.exitCode !== null) throw new Error(`QuestDB ended with ${this.#server.exitCode}`);
      try {
        await this.#rowsOf('SELECT 1');
        return;
      } catch {
        // Not there yet.
        await pause(ASK_AGAIN_MS);
      }
    }
  }

  async #rowsOf(query: string): Promise<unknown[][]> {
    const { dataset } = (await (await this.#get('exec', query)).json()) as { dataset: unknown[][] };
    return dataset;
  }

  async #get(how: 'exec' | 'exp', query: string): Promise<Response> {
    const answer = await fetch(`http://127.0.0.1:${this.#port}/${how}?query=${encodeURIComponent(query)}`);
    if (!answer.ok) throw new Error(`QuestDB refuses ${query}: ${await answer.text()}`);
    return answer;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  server.close();
  await once(server, 'close');
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return address.port;
}

/** CPU seconds of a process so far; NaN where there is no /proc. */
function cpuOf(pid: number): number {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ');
    return (Number(fields[11]) + Number(fields[12])) / TICKS;
  } catch {
    return Number.NaN;
  }
}
