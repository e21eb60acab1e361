import type { ConsumerStatus, PipelineStatus } from './pipeline-status.js';

/** So many looks are remembered. */
const mostLooks = 60;

/** What waited for each consumer and stage at the last looks. */
export class StatusHistory {
  private readonly seen = new Map<string, number[]>();

  add(status: PipelineStatus): PipelineStatus {
    for (const one of status.consumers) {
      const counts = [...(this.seen.get(keyOf(one)) ?? []), (one.pending ?? 0) + (one.ackPending ?? 0)];
      this.seen.set(keyOf(one), counts.slice(-mostLooks));
    }
    return status;
  }

  /** The oldest first. */
  of(one: ConsumerStatus): readonly number[] {
    return this.seen.get(keyOf(one)) ?? [];
  }
}

function keyOf({ name, stage }: ConsumerStatus): string {
  return `${name} ${stage}`;
}
