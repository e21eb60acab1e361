import { type Decoded, isCount, type JsonObject, malformed } from '../domain/decode.js';
import { clipBytes } from '../domain/escape.js';
import type { Task } from '../domain/task.js';
import { concurrently } from '../flow/concurrently.js';
import { TooLargeError } from '../nats/errors.js';
import { readDocument, updateDocument } from '../operations/documents.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import { type LetterPart, partSubject, partsAtOnce } from './parts.js';

/** What is known of the letters of one part. */
interface PartProgress {
  /** So many from its first on were dealt with. */
  readonly through: number;
  /** Places in the part, and why those were left. */
  readonly skipped: readonly (readonly [place: number, reason: string])[];
}

function decodeProgress({ through, skipped }: JsonObject): Decoded<PartProgress> {
  if (!isCount(through) || !Array.isArray(skipped)) return malformed('through, skipped: expected progress');
  const valid = (skipped as unknown[]).every((row) => {
    const [place, reason] = Array.isArray(row) ? (row as unknown[]) : [];
    return isCount(place) && typeof reason === 'string';
  });
  return valid
    ? { ok: true, value: { through, skipped: skipped as PartProgress['skipped'] } }
    : malformed('skipped: expected [place, reason]');
}

/** Reasons are cut where they are too many to fit. */
const cuts = [256, 64, 24];

/**
 * Which letters of a task were dealt with. It is written rarely, and what was not written yet is decided by the journal:
 * what stands here only spares the look. Machines that work on one task add to each other's.
 */
export class Progress {
  private readonly dealt: boolean[];
  private readonly reasons = new Map<number, string>();
  private readonly starts: number[] = [];
  private readonly changed = new Set<number>();

  /** `sizes`: how many letters each part has. */
  constructor(
    private readonly pipeline: Pipeline,
    private readonly task: Task,
    private readonly sizes: readonly number[],
  ) {
    let start = 0;
    for (const size of sizes) {
      this.starts.push(start);
      start += size;
    }
    this.dealt = Array.from({ length: start }, () => false);
  }

  /** As it is stored. */
  static async read(pipeline: Pipeline, task: Task, parts: readonly LetterPart[]): Promise<Progress> {
    const progress = new Progress(
      pipeline,
      task,
      parts.map(({ letters }) => letters.length),
    );
    const found = await concurrently([...parts.keys()], partsAtOnce, (part) =>
      readDocument(pipeline, partSubject(pipeline, task.id, 'progress', part), decodeProgress),
    );
    for (const [part, stored] of found.entries()) if (stored) progress.add(part, stored.value);
    return progress;
  }

  private add(part: number, { through, skipped }: PartProgress): void {
    const [start = 0, size = 0] = [this.starts[part], this.sizes[part]];
    for (let place = 0; place < Math.min(through, size); place++) this.dealt[start + place] = true;
    for (const [place, reason] of skipped) {
      if (place >= size) continue;
      this.dealt[start + place] = true;
      this.reasons.set(start + place, reason);
    }
  }

  /** Was it carried out, or left for good? */
  isDealt(at: number): boolean {
    return this.dealt[at] === true;
  }

  /** Why it was left; undefined: it was not. */
  reasonOf(at: number): string | undefined {
    return this.reasons.get(at);
  }

  /** So many from the first on were dealt with. */
  get through(): number {
    const open = this.dealt.indexOf(false);
    return open === -1 ? this.dealt.length : open;
  }

  /** It was carried out, or left for this reason. */
  deal(at: number, reason?: string): void {
    this.dealt[at] = true;
    if (reason !== undefined) this.reasons.set(at, reason);
    this.changed.add(this.partOf(at));
  }

  private partOf(at: number): number {
    let [low, high] = [0, this.starts.length - 1];
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.starts[middle] ?? 0) <= at) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Writes what is new. What could not be written is tried again with the next. */
  async flush(): Promise<void> {
    const parts = [...this.changed];
    this.changed.clear();
    await concurrently(parts, partsAtOnce, async (part) => {
      try {
        await this.write(part);
      } catch (error) {
        this.changed.add(part);
        throw error;
      }
    });
  }

  private async write(part: number): Promise<void> {
    let failure: unknown;
    for (const cut of cuts) {
      try {
        const subject = partSubject(this.pipeline, this.task.id, 'progress', part);
        await updateDocument(this.pipeline, subject, decodeProgress, (stored) => {
          if (stored) this.add(part, stored);
          return { v: 1, ...this.ofPart(part, cut) };
        });
        return;
      } catch (error) {
        if (!(error instanceof TooLargeError)) throw error;
        failure = error;
      }
    }
    throw failure;
  }

  private ofPart(part: number, cut: number): PartProgress {
    const [start = 0, size = 0] = [this.starts[part], this.sizes[part]];
    let through = 0;
    while (through < size && this.dealt[start + through]) through++;
    const skipped: [number, string][] = [];
    for (let place = 0; place < size; place++) {
      const reason = this.reasons.get(start + place);
      if (reason !== undefined) skipped.push([place, clipBytes(reason, cut)]);
    }
    return { through, skipped };
  }
}
