import type { Origin } from '../../domain/key.js';
import type { Pointer } from '../../domain/pointer.js';

/** Of each stream, the dead letter whose event is the oldest one that is still there: it expires first. */
export class OldestOriginals {
  private readonly byStream = new Map<string, Pointer>();

  add(pointer: Pointer, isThere: (origin: Origin) => boolean): void {
    const { origin } = pointer;
    const oldest = this.byStream.get(origin.stream);
    if ((oldest === undefined || origin.seq < oldest.origin.seq) && isThere(origin))
      this.byStream.set(origin.stream, pointer);
  }

  take(other: OldestOriginals): void {
    for (const pointer of other.pointers) this.add(pointer, () => true);
  }

  get pointers(): readonly Pointer[] {
    return [...this.byStream.values()];
  }
}
