/**
 * Runs `work` for each item, at most `limit` at once; results stand in the items' order. After `signal` is
 * aborted no further item is started: those are undefined. Nor after an error: the first is thrown once
 * everything that was started has ended.
 */
export async function concurrently<T, R>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<R>,
  signal?: AbortSignal,
): Promise<(R | undefined)[]> {
  const results: (R | undefined)[] = Array.from({ length: items.length });
  let failure: { readonly error: unknown } | undefined;
  let next = 0;
  const lane = async (): Promise<void> => {
    for (let at = next++; at < items.length; at = next++) {
      if (failure || signal?.aborted) return;
      try {
        results[at] = await work(items[at] as T);
      } catch (error) {
        failure ??= { error };
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, lane));
  if (failure) throw failure.error;
  return results;
}
