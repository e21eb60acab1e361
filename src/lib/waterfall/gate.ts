import type { WaterfallListener } from '../telemetry/waterfall-event.js';

/**
 * Closed while the server refuses something that must not be lost: nobody pulls then, since nothing could be
 * let go of. Each kind of refusal is told once when it begins and once when it ends.
 */
export class Gate {
  private readonly refusedSince = new Map<string, number>();
  private readonly watchers = new Set<(open: boolean) => void>();

  constructor(
    private readonly emit: WaterfallListener,
    private readonly monotonic: () => number,
  ) {}

  get open(): boolean {
    return this.refusedSince.size === 0;
  }

  watch(watcher: (open: boolean) => void): () => void {
    this.watchers.add(watcher);
    return () => this.watchers.delete(watcher);
  }

  refused(what: string, error: string): void {
    if (this.refusedSince.has(what)) return;
    this.refusedSince.set(what, this.monotonic());
    this.emit({ type: 'holding', what, error });
    if (this.refusedSince.size === 1) for (const watcher of this.watchers) watcher(false);
  }

  taken(what: string): void {
    const since = this.refusedSince.get(what);
    if (since === undefined) return;
    this.refusedSince.delete(what);
    this.emit({ type: 'holding-ended', what, heldMs: Math.round(this.monotonic() - since) });
    if (this.open) for (const watcher of this.watchers) watcher(true);
  }
}
