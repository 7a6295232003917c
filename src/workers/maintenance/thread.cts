/**
 * What piscina loads in a thread of maintenance: it does so by `require`. Of an ES module Node 20 then ends the whole process
 * if the thread is terminated meanwhile ("v8::Module::IsGraphAsync must be used on an instantiated module"), as closing a
 * database does. So this is CommonJS, and imports the module.
 */
{
  const handler = import('./entry.ts').then((entry) => entry.default);
  // Whoever gives it a task is told of a failure; until then nobody listens.
  handler.catch(() => {});
  module.exports = async (task: never): Promise<unknown> => (await handler)(task);
}
