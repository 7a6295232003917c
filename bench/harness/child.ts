import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

/** What a child sends: its result, or the stack of what it failed with. */
type Answer<R> = { readonly result: R } | { readonly error: string };

/** No job of ours takes a tenth of it on a slow machine; a child that hangs must not hang its parent. */
const LIMIT_MS = 600_000;

/** Runs a compiled module in a fresh process with one job and gives back its one result. */
export async function runInChild<R>(modulePath: string, job: unknown, limitMs = LIMIT_MS): Promise<R> {
  const child = fork(modulePath, [JSON.stringify(job)], { serialization: 'advanced' });
  const killChild = (): void => void child.kill('SIGKILL');
  process.once('exit', killChild);
  try {
    const answer = await answerOf<R>(child, limitMs);
    if ('error' in answer) throw new Error(answer.error);
    return answer.result;
  } finally {
    process.off('exit', killChild);
  }
}

/** The other side of `runInChild`: does the job given on the command line, sends what comes of it, and ends. */
export async function serveJob<J, R>(work: (job: J) => Promise<R>): Promise<void> {
  let answer: Answer<R>;
  try {
    answer = { result: await work(JSON.parse(process.argv[2] ?? 'null') as J) };
  } catch (error) {
    answer = { error: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
  await new Promise<void>((sent) => process.send!(answer, () => sent()));
  // Not left to the event loop: after an error, threads that nobody closed would keep the process for ever.
  process.exit(0);
}

/** The child's answer, once it is gone with its threads and files, so that the next one has the machine to itself. */
async function answerOf<R>(child: ChildProcess, limitMs: number): Promise<Answer<R>> {
  let answer: Answer<R> | undefined;
  child.once('message', (message) => (answer = message as Answer<R>));
  // 'close' rather than 'exit': it comes after every message.
  const late = setTimeout(() => {
    answer ??= { error: `the child gave no result within ${limitMs / 1e3} s` };
    child.kill('SIGKILL');
  }, limitMs);
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  clearTimeout(late);
  return answer ?? { error: `the child ended with ${signal ?? code} and gave no result` };
}
