/**
 * A generator that can be left while it waits: its own `return` would wait for what comes next, which may be never.
 * `make` is given the signal that ends the waiting, which `signal` aborts too.
 */
export function leavable<T>(
  signal: AbortSignal | undefined,
  make: (signal: AbortSignal) => AsyncGenerator<T, void>,
): AsyncGenerator<T, void> {
  const left = new AbortController();
  const generator = make(signal === undefined ? left.signal : AbortSignal.any([signal, left.signal]));
  const leave = generator.return.bind(generator);
  const interrupt = generator.throw.bind(generator);
  return Object.assign(generator, {
    return: (value: void | PromiseLike<void>) => {
      left.abort();
      return leave(value);
    },
    throw: (error: unknown) => {
      left.abort();
      return interrupt(error);
    },
  });
}
