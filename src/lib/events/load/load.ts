import { setTimeout as sleep } from 'node:timers/promises';
import { connect } from '../../nats/connect/connect.js';
import type { Link } from '../../nats/link.js';
import { formatDuration } from '../../domain/duration.js';
import { logIfPossible } from '../../operations/operation-log.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { Publisher } from '../publish/publish.js';
import { Arrivals } from './arrivals.js';
import { LatencyRecorder } from './latencies.js';
import type { EventLoad, EventLoadOptions } from './load-options.js';
import { LoadRun } from './load-run.js';
import { type EventLoadPlan, prepareLoad } from './plan-load.js';

const lookEveryMs = 5;

/**
 * Publishes events at a steady rate, and measures how long it takes. The rate does not wait for answers, and what is
 * sent late counts from when it was due. Whoever reads these events is given them: see `planLoad`.
 *
 * @throws what `planLoad` throws; what refuses the first event for good, as `Publisher.publish` has it. Later errors are counted
 */
export async function loadEvents(pipeline: Pipeline, options: EventLoadOptions = {}): Promise<EventLoad> {
  const plan = await prepareLoad(pipeline, options);
  const { signal, onProgress, onUnlogged, endToEnd = false } = options;
  const { clock, config, link } = pipeline;
  const opened: Link[] = [];
  const open = async (): Promise<Link> => {
    const another = await connect(link.target, { clock });
    opened.push(another);
    return another;
  };
  try {
    const publishers = [new Publisher(pipeline)];
    while (publishers.length < plan.publishers)
      publishers.push(new Publisher({ ...pipeline, link: await open() }));
    const published = await LatencyRecorder.make();
    const arrived = endToEnd ? await LatencyRecorder.make() : undefined;
    const type = options.type ?? plan.subject;
    const run = new LoadRun({ plan, type, publishers, published, arrived, clock, onProgress });
    const stop = (): void => run.stop();
    signal?.addEventListener('abort', stop);
    if (signal?.aborted) stop();
    const arrivals =
      arrived &&
      new Arrivals(await open(), config.streams.events.name, (id) => {
        const dueMs = run.dueOf(id);
        if (dueMs !== undefined) arrived.record(clock.monotonic() - dueMs);
      });
    await arrivals?.start(plan.subject);
    const { consumers } = plan;
    const logged = await logIfPossible(
      pipeline,
      { did: 'loaded', consumers, note: noteOf(plan) },
      onUnlogged,
    );
    await run.send();
    signal?.removeEventListener('abort', stop);
    await run.settle(link.target.timeoutMs);
    const deadline = clock.monotonic() + link.target.timeoutMs;
    while (arrived && arrived.count < run.storedCount && clock.monotonic() < deadline)
      await sleep(lookEveryMs);
    await arrivals?.stop();
    await logged.end({ count: run.storedCount });
    return run.result();
  } finally {
    await Promise.all(opened.map((one) => one.close()));
  }
}

function noteOf({ subject, rate, durationMs }: EventLoadPlan): string {
  return `${subject}, ${rate === 'max' ? 'as fast as it can' : `${rate}/s`} for ${formatDuration(durationMs)}`;
}
