import { delayAfter, longestWait } from '../../domain/backoff.js';
import { formatDuration } from '../../domain/duration.js';
import type { Path, Problems } from '../problems.js';
import { deliveriesOf, maxAgeOf, stagesOf } from '../resolve.js';
import type { ParsedConfig, ParsedExternalConsumer, ParsedManagedConsumer } from '../schema.js';

interface Stage {
  readonly attempts: number;
  readonly backoff?: readonly string[] | undefined;
}

/** Attempts and waits: no entry without effect, and no event that ages out while it waits. */
export function checkStages(parsed: ParsedConfig, problems: Problems): void {
  checkBackoff(parsed.meta, ['meta'], problems);
  for (const [name, consumer] of Object.entries(parsed.consumers)) {
    const path = ['consumers', name];
    if (consumer.external === true) {
      checkDeliveries(parsed, consumer, path, problems);
      continue;
    }
    checkBackoff(consumer, path, problems);
    if (consumer.retry !== false) checkBackoff(consumer.retry, [...path, 'retry'], problems);
    checkWaits(parsed, consumer, path, problems);
  }
}

function checkBackoff({ attempts, backoff }: Stage, path: Path, problems: Problems): void {
  const at = [...path, 'backoff'];
  if (backoff === undefined || !problems.intact(at, [...path, 'attempts'])) return;
  const waits = attempts - 1;
  if (backoff.length <= waits) return;
  const entries = waits === 1 ? '1 entry' : `${waits} entries`;
  problems.add(
    at,
    waits === 0
      ? `expected no entry, since a single attempt has nothing to wait for, found ${backoff.length}`
      : `expected at most ${entries}, one for each wait between ${attempts} attempts, found ${backoff.length}`,
  );
}

/** What the server makes of an external consumer's waits: each follows a delivery, the last one too. */
function checkDeliveries(
  parsed: ParsedConfig,
  consumer: ParsedExternalConsumer,
  path: Path,
  problems: Problems,
): void {
  const { attempts, ackWait, backoff } = consumer;
  const used = ['attempts', 'ackWait', 'backoff'].map((key) => [...path, key]);
  if (!problems.intact(...used)) return;
  if (ackWait !== undefined && backoff !== undefined) {
    problems.add(
      [...path, 'ackWait'],
      'expected either ackWait or backoff, found both: the waits of the server’s backoff take its place',
    );
  } else if (backoff !== undefined && backoff.length > attempts) {
    problems.add(
      [...path, 'backoff'],
      `expected at most ${attempts} ${attempts === 1 ? 'entry' : 'entries'}, one for each of ${attempts} deliveries, found ${backoff.length}`,
    );
  }
  const maxAgeMs = maxAgeOf(parsed.streams.events);
  if (maxAgeMs === 0 || !problems.intact(['streams', 'events', 'maxAge'])) return;
  const { backoffMs, ackWaitMs } = deliveriesOf(consumer);
  let totalMs = 0;
  for (let n = 1; n <= attempts; n++)
    totalMs += backoffMs.length === 0 ? ackWaitMs : delayAfter(backoffMs, n);
  if (totalMs < maxAgeMs) return;
  problems.add(
    path,
    `expected waits that add up to less than streams.events.maxAge (${formatDuration(maxAgeMs)}), found ${roughly(totalMs)} (${attempts} deliveries): the event would be gone before the server gives it up`,
  );
}

function checkWaits(
  parsed: ParsedConfig,
  consumer: ParsedManagedConsumer,
  path: Path,
  problems: Problems,
): void {
  const maxAgeMs = maxAgeOf(parsed.streams.events);
  const used = ['attempts', 'backoff', 'retry'].map((key) => [...path, key]);
  if (maxAgeMs === 0 || !problems.intact(['streams', 'events', 'maxAge'], ...used)) return;
  const { attempts, backoffMs, retry } = stagesOf(consumer);
  const mainMs = longestWait(backoffMs, attempts);
  const delayMs = Math.ceil(retry.delayMs * 1.1);
  const retryMs = retry.enabled ? longestWait(retry.backoffMs, retry.attempts) : 0;
  const totalMs = mainMs + delayMs + retryMs;
  if (totalMs < maxAgeMs) return;
  const parts = retry.enabled
    ? `main ${roughly(mainMs)}, retry.delay ${roughly(delayMs)}, retry ${roughly(retryMs)}`
    : `main ${roughly(mainMs)}`;
  problems.add(
    path,
    `expected waits that add up to less than streams.events.maxAge (${formatDuration(maxAgeMs)}), found ${roughly(totalMs)} (${parts}, each with 10 % jitter): the event would be gone before its last attempt`,
  );
}

/** Whole seconds from a minute on: jitter makes for odd figures. */
function roughly(ms: number): string {
  return formatDuration(ms < 60_000 ? ms : Math.round(ms / 1000) * 1000);
}
