// Appends until the file may not grow any more, and prints what then happened as JSON. Argument: path.
import { MillraceError, NanoTsDbShared } from '../../src/main/index.ts';

const db = await NanoTsDbShared.open(process.argv[2]!, { writers: 1 });
const table = await db.createTable('line', ['x']);
let appended = 0;
let promised = 0;
let first: unknown;
try {
  for (;;) {
    for (let i = 0; i < 2000; i++) {
      table.appendRow(appended + 1, [Math.random()]);
      appended++;
    }
    await db.sync();
    promised = appended;
  }
} catch (error) {
  first = error;
}
const codes: string[] = [];
for (const call of [
  () => table.appendRow(1, [1]),
  () => db.sync(),
  () => db.flush(),
  () => db.createTable('another', ['x']),
  () => db.close(),
]) {
  if (codes.length === 4) {
    const seen = (await table.query()).rowCount;
    const cause = MillraceError.is(first) ? (first.cause as MillraceError | undefined) : undefined;
    const errno = String(cause?.details['errno'] ?? first);
    process.stdout.write(`{"promised":${promised},"appended":${appended},"seen":${seen},"errno":"${errno}",`);
  }
  try {
    await call();
    codes.push('none');
  } catch (error) {
    codes.push(MillraceError.is(error) ? error.code : String(error));
  }
}
process.stdout.write(`"codes":${JSON.stringify(codes)}}\n`);
