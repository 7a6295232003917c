/**
 * What piscina loads in a thread, it loads by `require`. Of an ES module Node 20 then ends the whole process if the thread is
 * terminated meanwhile ("v8::Module::IsGraphAsync must be used on an instantiated module"), as closing a database does. So
 * what it loads is CommonJS, and this imports the module.
 * @param entry the module whose default export does a task
 */
module.exports = (entry: Promise<{ readonly default: (task: never) => unknown }>) => {
  // Whoever gives the thread a task is told of a failure; until then nobody listens.
  entry.catch(() => {});
  return async (task: never): Promise<unknown> => (await entry).default(task);
};
