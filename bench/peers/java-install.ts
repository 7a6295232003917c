import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const VERSION = '9.1.0';
const FOLDER = fileURLToPath(new URL('../../bench-java', import.meta.url));

/** QuestDB's server; Maven puts it there. */
export const QUESTDB_JAR = join(FOLDER, `questdb-${VERSION}.jar`);
export const QUESTDB_VERSION = VERSION;

/** Fetches QuestDB by Maven on first use; false, with a line that says why, where there is no Java 17 or its package cannot be had. */
export function ensureJava(log: (line: string) => void): boolean {
  const trouble = run('java', '--version') ?? (existsSync(QUESTDB_JAR) ? undefined : fetchJar(log));
  if (trouble === undefined) return true;
  log(`QuestDB does not install here and is left out: ${trouble}`);
  return false;
}

function fetchJar(log: (line: string) => void): string | undefined {
  log(`fetching org.questdb:questdb:${VERSION} into ${FOLDER} …`);
  const artifact = `-Dartifact=org.questdb:questdb:${VERSION}`;
  const plugin = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1';
  return (
    run('mvn', '-B', '-q', `${plugin}:get`, artifact, '-Dtransitive=false') ??
    run('mvn', '-B', '-q', `${plugin}:copy`, artifact, `-DoutputDirectory=${FOLDER}`)
  );
}

/** What a command that failed said, or undefined. */
function run(command: string, ...words: string[]): string | undefined {
  const done = spawnSync(command, words, { encoding: 'utf8' });
  if (done.status === 0) return undefined;
  const said = `${done.stdout ?? ''}${done.stderr ?? ''}`.trim().split('\n').slice(0, 3).join('\n');
  return said || (done.error?.message ?? `${command} ended with ${done.signal ?? done.status}`);
}
