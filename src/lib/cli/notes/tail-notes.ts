import { escapeLine } from '../../domain/escape.js';
import { inUtc, isoOfMs } from '../../domain/time.js';
import type { PipelineConfig } from '../../config/resolved.js';
import { subjectsNamed } from '../../events/read/subjects-meant.js';
import { nothingMeant } from '../../events/read/types-meant.js';
import type { JoinedGroup, StoredRange } from '../../events/read/read-options.js';
import type { HeardEvent, StoredEvent } from '../../events/read/stored-event.js';

/** The flags of `events tail` that its notes are about. */
interface TailFlags {
  readonly since?: number | undefined;
  readonly 'from-seq'?: number | undefined;
  readonly all: boolean;
  readonly new: boolean;
  readonly 'last-per-subject': boolean;
  readonly 'no-follow': boolean;
  readonly group?: string | undefined;
  readonly core: boolean;
  readonly raw: boolean;
}

const following = 'following the events; Ctrl-C to stop';

/** What `events tail` says beside the events. */
export class TailNotes {
  private readonly startedMs = performance.now();
  private count = 0;
  private first: number | null = null;
  private last: number | null = null;
  private stream = '';
  private droppedCount = 0;
  private hasSealed = false;

  constructor(
    private readonly flags: TailFlags,
    private readonly note: (text: string) => void,
  ) {}

  connection(state: 'disconnected' | 'reconnected'): void {
    const lost = this.flags.core ? '; what comes meanwhile is not heard' : '';
    this.note(state === 'disconnected' ? `connection lost; reconnecting${lost}` : 'connected again');
  }

  /** Those that no event type has, although they look like some. */
  subjects(config: PipelineConfig, named: readonly string[]): void {
    for (const one of subjectsNamed(config, named)) {
      const hint = nothingMeant(config, one);
      if (hint !== undefined) this.note(hint);
    }
  }

  /** A start that is not there yet, or not any more. */
  start({ firstSeq, lastSeq }: StoredRange): void {
    const { since, 'from-seq': fromSeq, 'no-follow': noFollow, group } = this.flags;
    const then = noFollow ? 'nothing is there to show' : 'nothing is shown before it';
    // A group begins with what comes next then, where the server puts it.
    if (group !== undefined) return;
    if (fromSeq !== undefined && fromSeq > lastSeq) {
      this.note(`sequence ${fromSeq} is not there yet, the last one is ${lastSeq}: ${then}`);
    } else if (fromSeq !== undefined && fromSeq < firstSeq) {
      this.note(`sequence ${fromSeq} is gone, the first one is ${firstSeq}`);
    }
    if (since !== undefined && since > Date.now()) {
      this.note(`${inUtc(isoOfMs(since))} is still to come: ${then}`);
    }
    if (!noFollow && process.stderr.isTTY) this.note(following);
  }

  group({ name, isNew, subjects }: JoinedGroup): void {
    const what = subjects.slice(0, 3).map(escapeLine).join(', ');
    if (!this.flags['no-follow'] && process.stderr.isTTY) this.note(following);
    if (isNew) return this.note(`group ${name} is new, and stays: a durable consumer for ${what}`);
    const { since, 'from-seq': fromSeq, all, new: fromNow, 'last-per-subject': last } = this.flags;
    const isGiven = since !== undefined || fromSeq !== undefined || all || fromNow || last;
    this.note(`group ${name} goes on where it is${isGiven ? ': the start that was given is ignored' : ''}`);
  }

  listening(subjects: readonly string[]): void {
    const what = subjects.slice(0, 3).map(escapeLine).join(', ');
    this.note(`listening on ${what}: at most once, and nothing is stored for it`);
  }

  dropped(count: number): void {
    if (this.droppedCount === 0) this.note('events come faster than they are written: some are left out');
    this.droppedCount = count;
  }

  shown(events: readonly (StoredEvent | HeardEvent)[]): void {
    if (this.flags.raw) this.sealed(events);
    this.count += events.length;
    this.first ??= events[0]?.seq ?? null;
    const last = events.at(-1);
    this.last = last?.seq ?? null;
    this.stream = last?.stream ?? '';
  }

  /** What no key opens looks like a payload: that is said once. */
  private sealed(events: readonly (StoredEvent | HeardEvent)[]): void {
    const first = this.hasSealed ? undefined : events.find(({ encryption }) => encryption?.opened === false);
    if (first === undefined) return;
    this.hasSealed = true;
    const why = escapeLine(first.encryption?.reason ?? 'it is encrypted');
    const which = escapeLine(first.seq === null ? first.subject : `${first.stream}/${first.seq}`);
    this.note(`the payload of ${which} is printed as it is stored, and so are others like it: ${why}`);
  }

  summary(): void {
    const { count, first, last, stream, droppedCount } = this;
    const events = `${count} ${count === 1 ? 'event' : 'events'}`;
    const range =
      first === null || last === null
        ? ''
        : `, ${stream}/${first}${first === last ? '' : ` to ${stream}/${last}`}`;
    const left = droppedCount > 0 ? `, ${droppedCount} left out` : '';
    this.note(`${events}${range}${left}, in ${((performance.now() - this.startedMs) / 1000).toFixed(1)}s`);
  }
}
