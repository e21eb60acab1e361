import type { Link } from '../nats/link.js';
import { readStandstill, type Standstill, type StandstillKind } from '../nats/standstill.js';
import type { WaterfallListener } from '../observe/waterfall-event.js';

/** A consumer that is gone, or that has no leader, answers no request: its worker notices and reports that. */
const toldByWorkers: readonly StandstillKind[] = [
  'no-stream',
  'no-consumer',
  'stream-without-leader',
  'consumer-without-leader',
];
/** Told again after so many looks, while it lasts. */
const repeatAfterLooks = 10;

interface Place {
  readonly stream: string;
  readonly consumer: string;
}

/**
 * Looks now and then whether the server delivers nothing of a consumer that is being read, and reports why while it
 * lasts: a consumer that is paused answers every request, with silence. Costs two questions for each consumer and
 * look, and nothing for a message.
 */
export class StandstillWatch {
  private readonly lasting = new Map<string, { readonly detail: string; looks: number }>();
  private readonly timer: NodeJS.Timeout;
  private stopped = false;
  private looking = false;

  constructor(
    private readonly link: Link,
    private readonly places: readonly Place[],
    private readonly emit: WaterfallListener,
    everyMs = 30_000,
  ) {
    this.timer = setInterval(() => void this.look(), everyMs);
    void this.look();
  }

  stop(): void {
    this.stopped = true;
    clearInterval(this.timer);
  }

  private async look(): Promise<void> {
    if (this.looking || !this.link.connected) return;
    this.looking = true;
    try {
      for (const place of this.places) await this.lookAt(place);
    } finally {
      this.looking = false;
    }
  }

  private async lookAt(place: Place): Promise<void> {
    if (this.stopped) return;
    try {
      const found = await readStandstill(this.link, place.stream, place.consumer);
      if (!this.stopped) this.compare(place, found && toldByWorkers.includes(found.kind) ? undefined : found);
    } catch {
      // No answer, or none for this user: it is looked for again.
    }
  }

  private compare({ stream, consumer }: Place, found: Standstill | undefined): void {
    const id = `${stream}/${consumer}`;
    const known = this.lasting.get(id);
    if (!found) {
      if (this.lasting.delete(id)) this.emit({ type: 'standstill-over', stream, consumer });
      return;
    }
    const looks = known?.detail === found.detail ? known.looks + 1 : 0;
    this.lasting.set(id, { detail: found.detail, looks });
    if (looks % repeatAfterLooks === 0)
      this.emit({ type: 'standstill', stream, consumer, why: found.detail });
  }
}
