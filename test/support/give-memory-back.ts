/**
 * Ends the present turn of the event loop. V8 lets go of shared memories only between turns: a test that opens engine
 * after engine, waiting for nothing but promises, would keep the memory of every one of them.
 */
export function giveMemoryBack(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
