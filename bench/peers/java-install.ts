import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { failureOf } from './run-command.ts';

const VERSION = '9.1.0';
const FOLDER = fileURLToPath(new URL('../../bench-java', import.meta.url));

/** QuestDB's server; Maven puts it there. */
export const QUESTDB_JAR = join(FOLDER, `questdb-${VERSION}.jar`);
export const QUESTDB_VERSION = VERSION;

/** Fetches QuestDB by Maven on first use; false, with a line that says why, where there is no Java 17 or its package cannot be had. */
export function ensureJava(log: (line: string) => void): boolean {
  const trouble = failureOf('java', '--version') ?? (existsSync(QUESTDB_JAR) ? undefined : fetchJar(log));
  if (trouble === undefined) return true;
  log(`QuestDB does not install here and is left out: ${trouble}`);
  return false;
}

function fetchJar(log: (line: string) => void): string | undefined {
  log(`fetching org.questdb:questdb:${VERSION} into ${FOLDER} …`);
  const artifact = `-Dartifact=org.questdb:questdb:${VERSION}`;
  const plugin = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1';
  return (
    failureOf('mvn', '-B', '-q', `${plugin}:get`, artifact, '-Dtransitive=false') ??
    failureOf('mvn', '-B', '-q', `${plugin}:copy`, artifact, `-DoutputDirectory=${FOLDER}`)
  );
}
