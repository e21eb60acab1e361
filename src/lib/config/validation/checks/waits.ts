import { delayAfter, longestWait } from '../../../domain/backoff.js';
import { formatDuration } from '../../../domain/duration.js';
import type { Path, Problems } from '../problems.js';
import { deliveriesOf, durationMs, maxAgeOf, metaLimitsOf, stagesOf } from '../../resolve.js';
import type { ParsedConfig, ParsedExternalConsumer, ParsedManagedConsumer } from '../../schema/schema.js';

/** How long something is kept that must outlast the waits of a stage. */
interface Life {
  readonly of: 'events' | 'advisories';
  readonly ms: number;
}

/** No event, and no record of it, may age out while the pipeline waits for something to become of it. */
export function checkWaits(parsed: ParsedConfig, problems: Problems): void {
  const events = lifeOf(parsed, 'events', problems);
  const journal = lifeOf(parsed, 'advisories', problems);
  // What outlasts the shorter of them is reported once: the longer one is no help then.
  const shorter = events && journal ? (journal.ms < events.ms ? journal : events) : (events ?? journal);
  for (const [name, consumer] of Object.entries(parsed.consumers)) {
    const path = ['consumers', name];
    if (consumer.external === true) {
      if (events) checkDeliveries(events, consumer, path, problems);
    } else if (shorter) {
      checkStages(shorter, consumer, path, problems);
      checkRuns(shorter, consumer, path, problems);
    }
  }
  if (journal && Object.keys(parsed.consumers).length > 0) checkRouting(journal, parsed, problems);
}

/** Undefined: forever, or not known. */
function lifeOf({ streams }: ParsedConfig, of: Life['of'], problems: Problems): Life | undefined {
  const ms = maxAgeOf(streams[of]);
  return ms === 0 || !problems.intact(['streams', of, 'maxAge']) ? undefined : { of, ms };
}

function nameOf({ of, ms }: Life): string {
  return `streams.${of}.maxAge (${formatDuration(ms)})`;
}

function checkStages(life: Life, consumer: ParsedManagedConsumer, path: Path, problems: Problems): void {
  const used = ['attempts', 'backoff', 'retry'].map((key) => [...path, key]);
  if (!problems.intact(...used)) return;
  const { attempts, backoffMs, retry } = stagesOf(consumer);
  const mainMs = longestWait(backoffMs, attempts);
  const delayMs = Math.ceil(retry.delayMs * 1.1);
  const retryMs = retry.enabled ? longestWait(retry.backoffMs, retry.attempts) : 0;
  const totalMs = mainMs + delayMs + retryMs;
  if (totalMs < life.ms) return;
  const parts = retry.enabled
    ? `main ${roughly(mainMs)}, retry.delay ${roughly(delayMs)}, retry ${roughly(retryMs)}`
    : `main ${roughly(mainMs)}`;
  const why =
    life.of === 'events'
      ? 'the event would be gone before its last attempt'
      : 'the journal would forget the first attempts before the last one';
  problems.add(
    path,
    `expected waits that add up to less than ${nameOf(life)}, found ${roughly(totalMs)} (${parts}, each with 10 % jitter): ${why}`,
  );
}

/** How long an attempt may run, and how long the server waits for a worker that is gone. */
function checkRuns(life: Life, consumer: ParsedManagedConsumer, path: Path, problems: Problems): void {
  const why = {
    timeout: {
      events: 'the event could be gone before its second attempt',
      advisories: 'the journal could forget an attempt that still runs',
    },
    ackWait: {
      events: 'the event of a worker that died would be gone before it is delivered again',
      advisories: 'the journal would forget the attempt of a worker that died before the next one',
    },
  };
  for (const key of ['timeout', 'ackWait'] as const) {
    const at = [...path, key];
    if (!problems.intact(at) || durationMs(consumer[key]) < life.ms) continue;
    problems.add(at, `expected less than ${nameOf(life)}, found "${consumer[key]}": ${why[key][life.of]}`);
  }
}

/** What the server makes of an external consumer's waits: each follows a delivery, the last one too. */
function checkDeliveries(life: Life, consumer: ParsedExternalConsumer, path: Path, problems: Problems): void {
  if (!problems.intact(...['attempts', 'ackWait', 'backoff'].map((key) => [...path, key]))) return;
  const { attempts, backoffMs, ackWaitMs } = deliveriesOf(consumer);
  let totalMs = 0;
  for (let n = 1; n <= attempts; n++)
    totalMs += backoffMs.length === 0 ? ackWaitMs : delayAfter(backoffMs, n);
  if (totalMs < life.ms) return;
  problems.add(
    path,
    `expected waits that add up to less than ${nameOf(life)}, found ${roughly(totalMs)} (${attempts} deliveries): the event would be gone before the server gives up on it`,
  );
}

/** An exhaustion must be in the journal until `meta-consumer`, and `meta-consumer-retry` after it, are done with it. */
function checkRouting(life: Life, parsed: ParsedConfig, problems: Problems): void {
  if (!problems.intact(['meta', 'attempts'], ['meta', 'backoff'], ['meta', 'ackWait'])) return;
  const { attempts, backoffMs } = metaLimitsOf(parsed);
  const eachMs = longestWait(backoffMs, attempts);
  if (durationMs(parsed.meta.ackWait) >= life.ms) {
    problems.add(
      ['meta', 'ackWait'],
      `expected less than ${nameOf(life)}, found "${parsed.meta.ackWait}": the record of a worker that died would be gone before it is delivered again`,
    );
  }
  if (2 * eachMs < life.ms) return;
  problems.add(
    ['meta'],
    `expected waits that add up to less than ${nameOf(life)}, found ${roughly(2 * eachMs)} (${roughly(eachMs)} of meta-consumer and again of meta-consumer-retry, with 10 % jitter): an exhaustion would be gone before it is routed`,
  );
}

/** Whole seconds from a minute on: jitter makes for odd figures. */
function roughly(ms: number): string {
  return formatDuration(ms < 60_000 ? ms : Math.round(ms / 1000) * 1000);
}
