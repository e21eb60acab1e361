import { types } from 'node:util';

/** Functions that are not run by calling them; `class` is what cannot be called at all. */
const idleKinds: Readonly<Record<string, string>> = {
  '[object GeneratorFunction]': 'a generator function (function*): calling it runs none of its code',
  '[object AsyncGeneratorFunction]':
    'an async generator function (async function*): calling it runs none of its code',
};

/** Why calling this function would handle nothing; undefined: it may. */
export function whyIdle(handler: object): string | undefined {
  if (/^class\b/.test(Function.prototype.toString.call(handler)))
    return 'a class, which can not be called: export a function that uses it';
  return idleKinds[Object.prototype.toString.call(handler)];
}

const idleResults: Readonly<Record<string, string>> = {
  '[object Generator]': 'a generator',
  '[object AsyncGenerator]': 'an async generator',
};

const unread = 'a stream that nobody reads';

/** A stream that was made, and that nothing takes anything from: neither a pipe, nor a listener, nor a reader. */
function isUnread(returned: object): boolean {
  if (returned instanceof ReadableStream) return !returned.locked;
  const { readable, readableFlowing } = returned as { readable?: unknown; readableFlowing?: unknown };
  return readable === true && readableFlowing === null;
}

/** Work that was begun, and that nobody waits for: a handler that returns so has not ended. */
export function hasPromises(returned: unknown): boolean {
  try {
    return Array.isArray(returned) && returned.some((one) => types.isPromise(one));
  } catch {
    // A proxy of the handler's own.
    return false;
  }
}

/** What a handler returned that has not run yet, so that nothing was handled; undefined: it is none of that. */
export function idleResult(returned: unknown): string | undefined {
  if (typeof returned === 'function') return 'a function';
  if (typeof returned !== 'object' || returned === null) return undefined;
  try {
    return idleResults[Object.prototype.toString.call(returned)] ?? (isUnread(returned) ? unread : undefined);
  } catch {
    // A proxy of the handler's own.
    return undefined;
  }
}
