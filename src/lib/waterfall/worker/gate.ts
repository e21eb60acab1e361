import type { PlutomiError } from '../../errors.js';
import type { WaterfallListener } from '../../observe/waterfall-event.js';
import { suggestCommand } from '../../suggestion.js';

interface Refusal {
  /** Monotonic milliseconds. */
  readonly since: number;
  /** The last answer of the server. */
  error: string;
  /** Who still waits for it. Nobody left: it no longer keeps anyone from pulling. */
  readonly waiting: Set<object>;
}

const neededByARunner = suggestCommand('pipeline permissions', {
  flags: { role: 'runner' },
  note: 'what this user needs',
});

/** The message whose record or pointer is refused. */
type Refused = { readonly consumer: string; readonly stream: string; readonly seq: number };

/** A permanent refusal that was quiet for this long is reported again. */
const quietMs = 600_000;

/**
 * Closed while something waits for the server to store what must not be lost: nothing is pulled then, since nothing
 * could be acknowledged. Each kind of refusal is reported once when it begins and once when it ends.
 */
export class Gate {
  private readonly refusals = new Map<string, Refusal>();
  private readonly watchers = new Set<(open: boolean) => void>();
  /** Permanent refusals, and when each was last met. They close nothing: waiting would not help. */
  private readonly lasting = new Map<string, number>();
  private wasOpen = true;

  constructor(
    private readonly emit: WaterfallListener,
    private readonly monotonic: () => number,
  ) {}

  get open(): boolean {
    for (const { waiting } of this.refusals.values()) if (waiting.size > 0) return false;
    return true;
  }

  /** What it is closed for. */
  get holding(): { what: string; error: string; since: number; messages: number }[] {
    return [...this.refusals]
      .filter(([, { waiting }]) => waiting.size > 0)
      .map(([what, { error, since, waiting }]) => ({ what, error, since, messages: waiting.size }));
  }

  watch(watcher: (open: boolean) => void): () => void {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  }

  /** The server refused, and `who` goes on asking. */
  refused(what: string, who: object, error: string): void {
    const known = this.refusals.get(what);
    if (known) {
      known.error = error;
      known.waiting.add(who);
    } else {
      this.refusals.set(what, { since: this.monotonic(), error, waiting: new Set([who]) });
      this.emit({ type: 'holding', what, error });
    }
    this.announce();
  }

  /** The server refuses it permanently. Reported once, and again after a long silence. */
  refusedForGood(what: string, { consumer, stream, seq }: Refused, error: PlutomiError): void {
    const id = `${what}/${consumer}/${error.code}`;
    const now = this.monotonic();
    const before = this.lasting.get(id);
    this.lasting.set(id, now);
    if (before !== undefined && now - before < quietMs) return;
    const { message } = error;
    const suggestions =
      error.code === 'NOT_ALLOWED' ? [...error.suggestions, neededByARunner] : error.suggestions;
    this.emit({ type: 'refused', what, consumer, stream, seq, error: message, suggestions });
  }

  /** The server took it: all that wait may go on. */
  taken(what: string): void {
    const known = this.refusals.get(what);
    if (!known) return;
    this.refusals.delete(what);
    this.emit({ type: 'holding-ended', what, heldMs: Math.round(this.monotonic() - known.since) });
    this.announce();
  }

  /** `who` asks no longer. Without this, a gate whose last waiter has left would stay closed forever. */
  gaveUp(what: string, who: object): void {
    this.refusals.get(what)?.waiting.delete(who);
    this.announce();
  }

  private announce(): void {
    const { open } = this;
    if (open === this.wasOpen) return;
    this.wasOpen = open;
    for (const watcher of this.watchers) watcher(open);
  }
}
