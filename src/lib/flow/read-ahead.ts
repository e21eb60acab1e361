/** The same, but the next is read while what came before is worked on. */
export async function* readAhead<T>(source: AsyncGenerator<T>): AsyncGenerator<T> {
  let next = source.next();
  try {
    for (;;) {
      const { done, value } = await next;
      if (done) return;
      next = source.next();
      // Its error is thrown when its turn comes.
      next.catch(() => {});
      yield value;
    }
  } finally {
    await source.return(undefined);
  }
}
