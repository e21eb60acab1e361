import type { AlertSettings } from '../../config/resolved.js';
import { limitsOfAlert, type Measured } from '../../domain/alert.js';
import { ArrivalCounter } from '../../domain/alert-watch.js';
import { msOfNanos } from '../../domain/time.js';
import { readGroupDocuments } from '../../groups/group-documents.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { type Loud, takeCensus } from './census.js';
import { ExpiringOriginals } from '../../pointers/expiring.js';

/**
 * Measures what the config has limits for: by what the stream says of itself, and one read. Only where that is too much
 * and a group is muted, all dead letters are looked at: those of muted groups do not count.
 */
export class Gauge {
  private readonly arrivals: ArrivalCounter | undefined;
  private readonly expiring: ExpiringOriginals | undefined;

  constructor(
    private readonly pipeline: Pipeline,
    private readonly alerts: AlertSettings,
  ) {
    const { rate, expiringMs } = alerts;
    this.arrivals = rate && new ArrivalCounter(rate.perMs);
    this.expiring = expiringMs === undefined ? undefined : new ExpiringOriginals(pipeline, expiringMs);
  }

  /** Nothing where the stream is missing. */
  async read(signal: AbortSignal): Promise<readonly Measured[]> {
    const { link, clock, places } = this.pipeline;
    const info = await link.streamInfo(places.dlq.stream);
    if (!info) return [];
    const { messages, first_seq: firstSeq, last_seq: lastSeq } = info.state;
    const nowMs = clock.now();
    const recent = this.arrivals?.add(lastSeq, nowMs) ?? 0;
    const measured = this.measuredOf({
      count: messages,
      recent,
      oldestMs: await this.oldest(messages, firstSeq),
    });
    const all = (await this.isTooMuchOfMuted(measured))
      ? this.measuredOf(
          (await takeCensus(this.pipeline, nowMs - (this.alerts.rate?.perMs ?? 0), signal)).loud,
        )
      : measured;
    const { expiringMs: threshold } = this.alerts;
    if (!this.expiring || threshold === undefined) return all;
    // Muted or not: what is lost is lost.
    return [...all, { condition: 'expiring', value: await this.expiring.count(), threshold }];
  }

  private measuredOf({ count, recent, oldestMs }: Loud): readonly Measured[] {
    const { alerts } = this;
    const ageMs = oldestMs === undefined ? 0 : Math.max(0, this.pipeline.clock.now() - oldestMs);
    const found: Measured[] = [];
    if (alerts.count !== undefined) found.push({ condition: 'count', value: count, threshold: alerts.count });
    if (alerts.rate) {
      const { count: threshold, perMs } = alerts.rate;
      found.push({ condition: 'rate', value: recent, threshold, perMs });
    }
    if (alerts.oldestMs !== undefined)
      found.push({ condition: 'oldest', value: ageMs, threshold: alerts.oldestMs });
    return found;
  }

  private async oldest(messages: number, firstSeq: number): Promise<number | undefined> {
    if (this.alerts.oldestMs === undefined || messages === 0) return undefined;
    const { link, places } = this.pipeline;
    const first = await link.readNext(places.dlq.stream, '>', firstSeq);
    return first && msOfNanos(first.time);
  }

  private async isTooMuchOfMuted(measured: readonly Measured[]): Promise<boolean> {
    if (!measured.some(({ condition, value, threshold }) => value > limitsOfAlert(condition, threshold).upTo))
      return false;
    return (await readGroupDocuments(this.pipeline)).some(({ mute }) => mute);
  }
}
