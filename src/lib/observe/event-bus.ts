import { checkOptions } from '../domain/options.js';
import { refuseNoFunction, refuseTexts } from '../domain/given.js';
import type { ListenerOf, WaterfallEvent, WaterfallEventType, WaterfallListener } from './waterfall-event.js';

/**
 * Calls the listener with each event from now on, or with those of some types only, until what it returns is called.
 * No event is made of a success at the first attempt unless a listener wants it.
 */
export interface Subscribe {
  /** Every event. Returns how to unsubscribe. */
  (listener: WaterfallListener): () => void;
  /** Events of these types only. Returns how to unsubscribe. */
  <T extends WaterfallEventType>(
    listener: ListenerOf<T>,
    wanted: {
      /** The types that the listener is called with. */
      readonly types: readonly T[];
    },
  ): () => void;
}

interface Subscription {
  readonly listener: WaterfallListener;
  readonly types: ReadonlySet<WaterfallEventType> | undefined;
  subscribed: boolean;
  hasFailed: boolean;
}

/**
 * Tells several subscribers, one after the other, before `emit` returns: each hears all events in the order in which
 * they happened. What a subscriber throws harms neither the others nor whoever emits.
 */
export class EventBus {
  /** Replaced, never changed: an emission under way goes on with the list that it began with. */
  private subscriptions: readonly Subscription[] = [];
  /** Those who want successes. */
  private ofSuccess: readonly Subscription[] = [];
  /** Emitted by a subscriber while it handled another: its turn comes after that one. */
  private readonly later: WaterfallEvent[] = [];
  private isDispatching = false;

  /** `onFailure` hears of the first error of each subscriber. */
  constructor(private readonly onFailure: (error: unknown) => void) {}

  readonly subscribe: Subscribe = (
    listener: WaterfallListener,
    wantedTypes: { readonly types?: readonly WaterfallEventType[] } = {},
  ) => {
    refuseNoFunction('listener', listener ?? null);
    checkOptions({ types: refuseTexts }, wantedTypes);
    const { types } = wantedTypes;
    const wanted = types && new Set(types);
    const one: Subscription = { listener, types: wanted, subscribed: true, hasFailed: false };
    this.keep([...this.subscriptions, one]);
    return () => {
      one.subscribed = false;
      this.keep(this.subscriptions.filter((other) => other !== one));
    };
  };

  /** What emitters call. Its `wantsSuccess` says whether any listener wants a success at the first attempt. */
  readonly emit: WaterfallListener = Object.assign((event: WaterfallEvent): void => this.dispatch(event), {
    wantsSuccess: (): boolean => {
      // Asked for each healthy message.
      for (const one of this.ofSuccess) if (this.asks(one)) return true;
      return false;
    },
  });

  private keep(subscriptions: readonly Subscription[]): void {
    this.subscriptions = subscriptions;
    this.ofSuccess = subscriptions.filter(({ types }) => types?.has('succeeded') ?? true);
  }

  private asks(one: Subscription): boolean {
    try {
      return one.listener.wantsSuccess?.() ?? true;
    } catch (error) {
      this.failed(one, error);
      return true;
    }
  }

  private dispatch(event: WaterfallEvent): void {
    if (this.isDispatching) return void this.later.push(event);
    this.isDispatching = true;
    for (let next: WaterfallEvent | undefined = event; next; next = this.later.shift()) {
      for (const one of this.subscriptions) {
        if (one.subscribed && (one.types?.has(next.type) ?? true)) this.call(one, next);
      }
    }
    this.isDispatching = false;
  }

  private call(one: Subscription, event: WaterfallEvent): void {
    try {
      const returned: unknown = one.listener(event);
      // Its type allows an async function too, and its error would otherwise be lost.
      if (returned instanceof Promise) returned.catch((error: unknown) => this.failed(one, error));
    } catch (error) {
      this.failed(one, error);
    }
  }

  private failed(one: Subscription, error: unknown): void {
    if (one.hasFailed) return;
    one.hasFailed = true;
    try {
      this.onFailure(error);
    } catch {
      // Where the log itself fails, there is nowhere left to report it.
    }
  }
}
