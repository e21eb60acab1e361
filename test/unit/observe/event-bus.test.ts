import { expect, test } from 'vitest';
import { EventBus } from '../../../src/lib/observe/event-bus.js';
import type { WaterfallEvent } from '../../../src/lib/observe/waterfall-event.js';

const holding = (what: string): WaterfallEvent => ({ type: 'holding', what, error: 'full' });
const ended = (what: string): WaterfallEvent => ({ type: 'holding-ended', what, heldMs: 1 });
const whatOf = (event: WaterfallEvent): string => ('what' in event ? event.what : event.type);

/** A bus, and the errors that it was told. */
function makeBus(): { readonly bus: EventBus; readonly errors: string[] } {
  const errors: string[] = [];
  return { bus: new EventBus((error) => errors.push((error as Error).message)), errors };
}

test('tells every subscriber of every event, in order, before emit returns', () => {
  const { bus } = makeBus();
  const heard: string[] = [];
  bus.subscribe((event) => heard.push(`first ${whatOf(event)}`));
  bus.subscribe((event) => heard.push(`second ${whatOf(event)}`));
  bus.emit(holding('a'));
  bus.emit(holding('b'));
  expect(heard).toEqual(['first a', 'second a', 'first b', 'second b']);
});

test('tells of the wanted types only', () => {
  const { bus } = makeBus();
  const heard: string[] = [];
  bus.subscribe((event) => heard.push(`${event.what} ${event.heldMs}`), { types: ['holding-ended'] });
  bus.emit(holding('a'));
  bus.emit(ended('b'));
  expect(heard).toEqual(['b 1']);
});

test('each subscriber hears events in the order in which they happened, one that another emits included', () => {
  const { bus } = makeBus();
  const heard: string[] = [];
  bus.subscribe((event) => {
    if (whatOf(event) === 'a') bus.emit(holding('a2'));
  });
  bus.subscribe((event) => heard.push(whatOf(event)));
  bus.emit(holding('a'));
  bus.emit(holding('b'));
  expect(heard).toEqual(['a', 'a2', 'b']);
});

test('a subscriber that throws harms nobody, goes on being told, and its first error is passed on', () => {
  const { bus, errors } = makeBus();
  const heard: string[] = [];
  let calls = 0;
  bus.subscribe(() => {
    throw new Error(`broken ${++calls}`);
  });
  bus.subscribe((event) => heard.push(whatOf(event)));
  for (const what of ['a', 'b', 'c']) bus.emit(holding(what));
  expect(heard).toEqual(['a', 'b', 'c']);
  expect(calls).toBe(3);
  expect(errors).toEqual(['broken 1']);
});

test('so does one whose promise is rejected', async () => {
  const { bus, errors } = makeBus();
  bus.subscribe((): unknown => Promise.reject(new Error('broken later')));
  bus.emit(holding('a'));
  bus.emit(holding('b'));
  await new Promise((resolve) => setImmediate(resolve));
  expect(errors).toEqual(['broken later']);
});

test('whoever is told of errors may fail too', () => {
  const bus = new EventBus(() => {
    throw new Error('the log is broken');
  });
  const heard: string[] = [];
  bus.subscribe(() => {
    throw new Error('broken');
  });
  bus.subscribe((event) => heard.push(whatOf(event)));
  bus.emit(holding('a'));
  bus.emit(holding('b'));
  expect(heard).toEqual(['a', 'b']);
});

test('whoever leaves hears nothing more, not even of the event that is being told; leaving twice is harmless', () => {
  const { bus } = makeBus();
  const heard: string[] = [];
  bus.subscribe(() => leave());
  const leave = bus.subscribe((event) => heard.push(`left ${whatOf(event)}`));
  bus.subscribe((event) => heard.push(`stayed ${whatOf(event)}`));
  bus.emit(holding('a'));
  leave();
  bus.emit(holding('b'));
  expect(heard).toEqual(['stayed a', 'stayed b']);
});

test('whoever leaves when told keeps nobody from being told', () => {
  const { bus } = makeBus();
  const heard: string[] = [];
  const leave = bus.subscribe(() => leave());
  bus.subscribe((event) => heard.push(whatOf(event)));
  bus.emit(holding('a'));
  expect(heard).toEqual(['a']);
});

test('whoever subscribes when another is told hears from the next event on', () => {
  const { bus } = makeBus();
  const heard: string[] = [];
  let subscribed = false;
  bus.subscribe(() => {
    if (!subscribed) bus.subscribe((event) => heard.push(whatOf(event)));
    subscribed = true;
  });
  bus.emit(holding('a'));
  bus.emit(holding('b'));
  expect(heard).toEqual(['b']);
});

test('one function may be subscribed twice, and each of the two leaves alone', () => {
  const { bus } = makeBus();
  let calls = 0;
  const listener = (): void => void calls++;
  const leave = bus.subscribe(listener);
  bus.subscribe(listener);
  bus.emit(holding('a'));
  leave();
  bus.emit(holding('b'));
  expect(calls).toBe(3);
});

test('successes are wanted as long as one subscriber wants them', () => {
  const { bus, errors } = makeBus();
  const wanted = (): boolean | undefined => bus.emit.wantsSuccess?.();
  expect(wanted()).toBe(false);

  bus.subscribe(() => {}, { types: ['dead-letter', 'holding'] });
  bus.subscribe(Object.assign(() => {}, { wantsSuccess: () => false }));
  expect(wanted()).toBe(false);

  let level = 'info';
  const toLog = bus.subscribe(Object.assign(() => {}, { wantsSuccess: () => level === 'debug' }));
  expect(wanted()).toBe(false);
  level = 'debug';
  expect(wanted()).toBe(true);
  toLog();
  expect(wanted()).toBe(false);

  const leave = bus.subscribe(() => {}, { types: ['succeeded'] });
  expect(wanted()).toBe(true);
  leave();
  expect(wanted()).toBe(false);

  bus.subscribe(
    Object.assign(() => {}, {
      wantsSuccess: () => {
        throw new Error('broken');
      },
    }),
  );
  expect(wanted()).toBe(true);
  expect(wanted()).toBe(true);
  expect(errors).toEqual(['broken']);
});
