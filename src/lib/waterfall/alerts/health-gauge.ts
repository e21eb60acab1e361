import type { AlertLevels, AlertSettings } from '../../config/resolved.js';
import type { Measured, MeasuredCondition } from '../../domain/alert.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { isServed, type Look, takeLook, workOf } from '../../status/look.js';
import { usedPercent } from '../../status/used-part.js';

/**
 * Measures what the config has limits for beside dead letters: what waits for each consumer, who runs it, and how full each
 * stream is. One look, by the names of what is looked at: a worker may not list.
 */
export class HealthGauge {
  /** Since when nobody is seen to run a consumer, ms on the clock that only goes forward. */
  private readonly idleSince = new Map<string, number>();

  constructor(
    private readonly pipeline: Pipeline,
    private readonly alerts: AlertSettings,
  ) {}

  /** Of what is not there nothing is measured. */
  async read(): Promise<readonly Measured[]> {
    const { lag, storage, nobodyRunsMs } = this.alerts;
    const consumers = lag !== undefined || nobodyRunsMs !== undefined;
    if (!consumers && storage === undefined) return [];
    const look = await takeLook(this.pipeline, { lists: false, consumers });
    return [
      ...(lag === undefined ? [] : lags(look, lag)),
      ...(nobodyRunsMs === undefined ? [] : this.idle(look, nobodyRunsMs)),
      ...(storage === undefined ? [] : fullness(look, storage)),
    ];
  }

  private idle({ consumers, atMs, tickMs }: Look, threshold: number): Measured[] {
    return consumers.flatMap((one): Measured[] => {
      const { consumer, info } = one;
      if (!info) return [];
      if (workOf(one) === 0 || isServed(one, atMs)) this.idleSince.delete(consumer);
      else if (!this.idleSince.has(consumer)) this.idleSince.set(consumer, tickMs);
      const value = tickMs - (this.idleSince.get(consumer) ?? tickMs);
      return [{ condition: 'nobodyRuns', name: `nobodyRuns-${consumer}`, about: consumer, value, threshold }];
    });
  }
}

function lags({ consumers }: Look, levels: AlertLevels): Measured[] {
  return consumers.flatMap(({ consumer, info }) =>
    info ? atEachLevel('lag', consumer, info.num_pending, levels) : [],
  );
}

function fullness({ streams }: Look, levels: AlertLevels): Measured[] {
  return streams.flatMap(({ name, info }) => {
    const used = info && usedPercent(info);
    return used === null || used === undefined ? [] : atEachLevel('storage', name, used, levels);
  });
}

/** What is worse is told besides. */
function atEachLevel(
  condition: MeasuredCondition,
  about: string,
  value: number,
  { degraded, critical }: AlertLevels,
): Measured[] {
  const found = { condition, about, value };
  return [
    {
      ...found,
      name: `${condition}-${about}`,
      level: critical > degraded ? 'degraded' : 'critical',
      threshold: degraded,
    },
    ...(critical > degraded
      ? [{ ...found, name: `${condition}Critical-${about}`, level: 'critical', threshold: critical } as const]
      : []),
  ];
}
