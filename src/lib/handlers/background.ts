import { AsyncLocalStorage } from 'node:async_hooks';

/**
 * Before Node 24 it watches each promise of the process: an event whose handler awaits something took half as much
 * processor time again. Since then it costs nothing that can be measured.
 */
const isCheap = Number(process.versions.node.split('.')[0]) >= 24;
const consumers = isCheap ? new AsyncLocalStorage<string>() : undefined;

/**
 * From here on, to the end of this turn, a handler of this consumer works, and so does all that it begins: also what
 * it awaits nowhere.
 */
export function enterHandlerOf(consumer: string): void {
  // Not `run`: it would stand in the stack of each error, of which only so many frames are kept.
  consumers?.enterWith(consumer);
}

/** Whose handler began what runs now; undefined: none, or unknown. */
export function consumerAtWork(): string | undefined {
  return consumers?.getStore();
}

/** A consumer and a file of its handlers. */
export interface HandlerOf {
  readonly consumer: string;
  readonly file: string;
}

/** The one consumer whose file stands in the stack of what was thrown; undefined: none, or several share the file. */
export function consumerInStack(thrown: unknown, handlers: readonly HandlerOf[]): string | undefined {
  const stack = thrown instanceof Error ? String(thrown.stack) : '';
  const found = new Set(
    handlers.filter(({ file }) => stack.includes(`${file}:`)).map(({ consumer }) => consumer),
  );
  return found.size === 1 ? [...found][0] : undefined;
}
