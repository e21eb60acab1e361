/**
 * A generator that can be left while it waits: its own `return` would wait for what comes next, which may be never.
 * `make` is given the signal that ends the waiting, which the one of `options` aborts too. It checks the options itself,
 * once it begins: here they may be anything.
 */
export function leavable<T>(
  options: { readonly signal?: AbortSignal | undefined } | null,
  make: (signal: AbortSignal) => AsyncGenerator<T, void>,
): AsyncGenerator<T, void> {
  const left = new AbortController();
  const given = options?.signal;
  const generator = make(given instanceof AbortSignal ? AbortSignal.any([given, left.signal]) : left.signal);
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
