import { decodeText } from '../domain/decode.js';
import { parseWithNumbers } from '../domain/numbers.js';
import {
  type MatchContext,
  type Matcher,
  matcherOf,
  type SelectableEvent,
  termsFrom,
} from '../domain/selection/match.js';
import { keyText, type Term } from '../domain/selection/selection.js';
import { isSealed } from '../encryption/sealed.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import type { DlqEntry } from '../pointers/entry.js';
import { fetchEvent } from '../pointers/kept/event-of.js';
import { gone, Originals } from './originals.js';

/** The events that had to be read to tell which dead letters are meant. */
export interface EventsRead {
  /** The keys that asked for them, e.g. `data.email`. */
  readonly keys: readonly string[];
  /** How many were asked for. */
  readonly read: number;
  /** Of them: how many are missing or replaced. Nothing is selected by what they held. */
  readonly gone: number;
  /** Of them: how many are encrypted, and no key is here that opens them. Nothing is selected by their data. */
  readonly encrypted?: number;
}

/** Payloads that are read together: enough for full questions, and a bound for the memory. */
const eventsAtOnce = 128;

/** Leaves the dead letters for which all terms hold. What costs more is asked of those that are left by then. */
export class Sift {
  private readonly byLetter: Matcher;
  private readonly byState: Matcher | undefined;
  private readonly byEvent: Matcher | undefined;
  private readonly keys: readonly string[];
  private readonly originals: Originals;
  private read = 0;
  private gone = 0;
  private encrypted = 0;

  constructor(
    private readonly pipeline: Pipeline,
    terms: readonly Term[],
    context: MatchContext,
  ) {
    const some = (these: readonly Term[]): Matcher | undefined =>
      these.length === 0 ? undefined : matcherOf(these, context);
    this.byLetter = matcherOf(termsFrom('letter', terms), context);
    this.byState = some(termsFrom('state', terms));
    this.byEvent = some(termsFrom('event', terms));
    this.keys = keysOfEvents(terms);
    this.originals = new Originals(pipeline);
  }

  /** What was read so far; undefined: no term asks for events. */
  get eventsRead(): EventsRead | undefined {
    const { keys, read, gone, encrypted } = this;
    return keys.length === 0 ? undefined : { keys, read, gone, ...(encrypted > 0 ? { encrypted } : {}) };
  }

  async sift(entries: readonly DlqEntry[]): Promise<readonly DlqEntry[]> {
    let left = entries.filter(this.byLetter);
    if (this.byState) left = await this.siftByState(left, this.byState);
    if (this.byEvent) left = await this.siftByEvent(left, this.byEvent);
    return left;
  }

  private async siftByState(entries: readonly DlqEntry[], matches: Matcher): Promise<DlqEntry[]> {
    const states = await this.originals.statesOf(entries.flatMap(({ pointer }) => pointer ?? []));
    let at = 0;
    return entries.filter((entry) => {
      const state = entry.pointer ? (states[at++] ?? gone) : gone;
      return matches({ ...entry, state });
    });
  }

  private async siftByEvent(entries: readonly DlqEntry[], matches: Matcher): Promise<DlqEntry[]> {
    const left: DlqEntry[] = [];
    for (let from = 0; from < entries.length; from += eventsAtOnce) {
      const some = entries.slice(from, from + eventsAtOnce);
      // All in one turn: what stands near each other is then read together.
      const fits = await Promise.all(some.map(async (entry) => matches(await this.withEvent(entry))));
      left.push(...some.filter((_, i) => fits[i]));
    }
    return left;
  }

  private async withEvent(entry: DlqEntry): Promise<DlqEntry & { readonly event?: SelectableEvent }> {
    this.read++;
    const original = entry.pointer && (await fetchEvent(this.pipeline, entry.pointer));
    if (original?.state !== 'present') {
      this.gone++;
      return entry;
    }
    const { message } = original;
    const opened = isSealed(message) ? await this.pipeline.keys.open(message) : undefined;
    if (opened?.ok === false) this.encrypted++;
    const data = opened === undefined ? message.data : opened.ok ? opened.value : undefined;
    return { ...entry, event: { headers: message.headers, data: data && valueOf(data) } };
  }
}

/** Digits that JavaScript would round are compared as they were published. */
function valueOf(bytes: Uint8Array): unknown {
  const text = decodeText(bytes);
  const decoded = text === undefined ? undefined : parseWithNumbers(text, 'text');
  return decoded?.ok ? decoded.value : undefined;
}

/** The keys that are answered by the events themselves, each once. */
export function keysOfEvents(terms: readonly Term[]): string[] {
  return [...new Set(termsFrom('event', terms).map(keyText))];
}
