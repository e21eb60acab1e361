import type { PipelineConfig, ReaderSettings } from '../../config/resolved.js';
import { delayAfter } from '../../domain/backoff.js';
import type { DeadLetter } from '../../domain/dead-letter.js';
import { readEntry } from '../../pointers/entry.js';
import { failureOf, reasonOf } from '../../domain/failure.js';
import { HttpClient } from '../../http/client.js';
import type { WaterfallListener } from '../../observe/waterfall-event.js';
import { enterHandlerOf } from '../../handlers/background.js';
import type { HeldMessage } from '../worker/held-message.js';
import { postDeadLetter } from './webhook.js';
import type { Worker } from '../worker/worker.js';

/** Told about each new dead letter. Throwing, or no result within 30 s, means: tell me again. */
export type DeadLetterHandler = (deadLetter: DeadLetter) => unknown;

const handlerTimeoutMs = 30_000;
const repeatAfterMs = [1000, 5000, 30_000, 60_000, 300_000];
/** Most dead letters whose alert has failed that are remembered as told; of more, some are told again. */
const maxTold = 10_000;

/** `C-dlq`: tells about each new dead letter, in the log always, and to a handler and a webhook where configured. Never gives up. */
export function alertProcess(
  config: PipelineConfig,
  consumer: ReaderSettings,
  handler: DeadLetterHandler | undefined,
  emit: WaterfallListener,
  http: HttpClient = new HttpClient({}),
): (held: HeldMessage, worker: Worker) => Promise<void> {
  /** Told in this process, and their alert failed. Another delivery proves nothing: the first may have reached nobody. */
  const told = new Set<string>();
  return async (held, worker) => {
    const { delivery } = held;
    const { letter, pointer } = readEntry(config, delivery);
    if (!pointer) {
      const { id, reason } = letter;
      worker.counter.succeed(worker.time);
      emit({ type: 'dead-letter', id, consumer: consumer.name, cycle: 0, reason });
      return worker.settler.ack(held);
    }
    const toldAs = `${letter.id}/${letter.cycle}`;
    if (!told.has(toldAs)) {
      emit({
        type: 'dead-letter',
        id: letter.id,
        consumer: letter.consumer,
        cycle: letter.cycle,
        reason: letter.reason,
      });
    }
    try {
      // Its own: it may change what it is given, and the webhook comes after it.
      if (handler) await inTime(call(handler, structuredClone(letter)));
      if (consumer.onDeadLetter.webhook) await postDeadLetter(http, consumer.onDeadLetter.webhook, letter);
      await worker.settler.ack(held);
      told.delete(toldAs);
      worker.counter.succeed(worker.time);
    } catch (error) {
      if (told.size < maxTold) told.add(toldAs);
      const retryInMs = delayAfter(repeatAfterMs, delivery.deliveries);
      worker.counter.fail(worker.time);
      emit({ type: 'alert-failed', id: letter.id, error: reasonOf(failureOf(error)), retryInMs });
      worker.settler.nak(held, retryInMs);
    }
  };
}

/** In a turn of its own: whatever runs in that one is this consumer's. */
function call(handler: DeadLetterHandler, letter: DeadLetter): Promise<unknown> {
  return Promise.resolve().then(() => {
    enterHandlerOf(letter.consumer);
    return handler(letter);
  });
}

/** Few alerts run at once: one that never settles must not keep the others from being told. */
function inTime(work: unknown): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no result within ${handlerTimeoutMs} ms`)), handlerTimeoutMs);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
