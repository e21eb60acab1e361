import { isNobodyThere, noStream, TooLargeError } from '../errors.js';
import type { Link } from '../link.js';

export interface Fitting<V> {
  readonly version: V;
  /** The same, smaller each time; asked for only when the server says that a version is too large. */
  readonly smaller: () => Iterable<V>;
}

/**
 * Stores the first version that the server takes. Throws TooLargeError when the smallest is too large as well, and
 * `NO_STREAM` where nothing answers since the stream is not there; else what `store` throws.
 */
export function storeFitting<V, T>(
  link: Link,
  stream: string,
  { version, smaller }: Fitting<V>,
  store: (version: V) => Promise<T>,
): Promise<T> {
  // Not an async function: nearly all is taken as it is.
  return store(version).catch(async (refusal: unknown) => {
    let error = refusal;
    if (error instanceof TooLargeError) {
      for (const one of smaller()) {
        try {
          return await store(one);
        } catch (again) {
          error = again;
          if (!(error instanceof TooLargeError)) break;
        }
      }
    }
    throw await namingWhatIsMissing(link, stream, error);
  });
}

/** A stream that is gone and one without a leader look alike to a publisher: only the first is final. */
async function namingWhatIsMissing(link: Link, stream: string, error: unknown): Promise<unknown> {
  if (!isNobodyThere(error)) return error;
  const there = await link.streamInfo(stream).catch(() => true);
  return there ? error : noStream(`publish to stream ${stream}`, error);
}
