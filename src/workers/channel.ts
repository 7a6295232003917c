/** One direction in and one out between two actors. A thread's is a MessagePort, the inline engine's two arrays. */
export interface Channel<In, Out> {
  /** The next message, or undefined. */
  take(): In | undefined;
  post(message: Out): void;
}

/** Two ends of a channel within one thread. */
export function inlineChannel<A, B>(): [Channel<A, B>, Channel<B, A>] {
  const toFirst: A[] = [];
  const toSecond: B[] = [];
  return [
    { take: () => toFirst.shift(), post: (message) => void toSecond.push(message) },
    { take: () => toSecond.shift(), post: (message) => void toFirst.push(message) },
  ];
}
