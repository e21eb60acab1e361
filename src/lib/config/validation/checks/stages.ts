import type { Path, Problems } from '../problems.js';
import type { ParsedConfig, ParsedExternalConsumer } from '../../schema/schema.js';

interface Stage {
  readonly attempts: number;
  readonly backoff?: readonly string[] | undefined;
}

/** Attempts and waits: no entry without effect. */
export function checkStages(parsed: ParsedConfig, problems: Problems): void {
  checkBackoff(parsed.meta, ['meta'], problems);
  for (const [name, consumer] of Object.entries(parsed.consumers)) {
    const path = ['consumers', name];
    if (consumer.external === true) {
      checkDeliveries(consumer, path, problems);
      continue;
    }
    checkBackoff(consumer, path, problems);
    if (consumer.retry !== false) checkBackoff(consumer.retry, [...path, 'retry'], problems);
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

/** The server has one wait after each delivery: a list of them takes the place of the ack wait. */
function checkDeliveries(consumer: ParsedExternalConsumer, path: Path, problems: Problems): void {
  const { attempts, ackWait, backoff } = consumer;
  const used = ['attempts', 'ackWait', 'backoff'].map((key) => [...path, key]);
  if (!problems.intact(...used)) return;
  if (ackWait !== undefined && backoff !== undefined) {
    problems.add(
      [...path, 'ackWait'],
      "expected either ackWait or backoff, found both: the waits of the server's backoff take its place",
    );
  } else if (backoff !== undefined && backoff.length > attempts) {
    problems.add(
      [...path, 'backoff'],
      `expected at most ${attempts} ${attempts === 1 ? 'entry' : 'entries'}, one for each of ${attempts} deliveries, found ${backoff.length}`,
    );
  }
}
