import type { PipelineConfig, ReaderSettings } from '../../config/resolved.js';
import { delayAfter } from '../../domain/backoff.js';
import type { DeadLetter } from '../../domain/dead-letter.js';
import { type DlqEntry, readEntry } from '../../pointers/entry.js';
import { failureOf, reasonOf } from '../../domain/failure.js';
import { groupIdOf } from '../../domain/group-id.js';
import type { GroupNews, GroupTeller } from '../../groups/tell-groups.js';
import { HttpClient } from '../../http/client.js';
import type { WaterfallListener } from '../../observe/waterfall-event.js';
import { enterHandlerOf } from '../../handlers/background.js';
import type { HeldMessage } from '../worker/held-message.js';
import { postDeadLetter } from './webhook.js';
import type { Worker } from '../worker/worker.js';

/** Called for each new dead letter. When it throws, or gives no result within 30 s, it is called again. */
export type DeadLetterHandler = (deadLetter: DeadLetter) => unknown;

type PublishNotice = (subject: string, body: string, msgId: string) => Promise<void>;

const handlerTimeoutMs = 30_000;
const repeatAfterMs = [1000, 5000, 30_000, 60_000, 300_000];
/** How many dead letters whose alert has failed are remembered as logged; of more, some are logged again. */
const maxTold = 10_000;

/** What has been done about a dead letter whose alert failed. */
interface Told {
  readonly news: GroupNews | undefined;
  isPublished: boolean;
}

/**
 * `C-dlq`: reports each new dead letter, always in the log, and to a subject, a handler and a webhook if configured;
 * `notice` keeps the alert about its group, `publish` is for the subject. Never gives up.
 */
export function alertProcess(
  config: PipelineConfig,
  consumer: ReaderSettings,
  handler: DeadLetterHandler | undefined,
  emit: WaterfallListener,
  http: HttpClient = new HttpClient({}),
  groups?: Pick<GroupTeller, 'tell'>,
  notice: (entry: DlqEntry, news: GroupNews | undefined) => Promise<void> = () => Promise.resolve(),
  publish?: PublishNotice,
): (held: HeldMessage, worker: Worker) => Promise<void> {
  /** Logged by this process, and their alert failed. Another delivery proves nothing: the first may not have arrived. */
  const told = new Map<string, Told>();
  return async (held, worker) => {
    const { delivery } = held;
    const entry = readEntry(config, delivery);
    const { letter, pointer } = entry;
    if (!pointer) {
      const { id, reason } = letter;
      worker.counter.succeed(worker.time);
      const group = groupIdOf(letter.consumer, letter.fingerprint);
      emit({ type: 'dead-letter', id, consumer: consumer.name, cycle: 0, kind: 'malformed', reason, group });
      return worker.settler.ack(held);
    }
    // It was told when it died; a restore is no news.
    if (pointer.deadAt !== undefined) {
      worker.counter.succeed(worker.time);
      return worker.settler.ack(held);
    }
    const toldAs = `${letter.id}/${letter.cycle}`;
    let known = told.get(toldAs);
    if (!known) {
      // Before it is acknowledged: if this process ends here, another one tells the same.
      const news = await groups?.tell(entry);
      known = { news, isPublished: false };
      emit({
        type: 'dead-letter',
        id: letter.id,
        consumer: letter.consumer,
        cycle: letter.cycle,
        kind: pointer.failure.kind,
        reason: letter.reason,
        group: groupIdOf(letter.consumer, letter.fingerprint),
        ...(news === undefined ? {} : { news }),
      });
    }
    try {
      await notice(entry, known.news);
      // Not again because of what comes after it: a stream knows its id for some time only.
      if (publish && !known.isPublished) await publishTo(publish, consumer, letter);
      known.isPublished = true;
      // Its own: it may change what it is given, and the webhook comes after it.
      if (handler) await inTime(call(handler, structuredClone(letter)));
      if (consumer.onDeadLetter.webhook) await postDeadLetter(http, consumer.onDeadLetter.webhook, letter);
      await worker.settler.ack(held);
      told.delete(toldAs);
      worker.counter.succeed(worker.time);
    } catch (error) {
      if (told.size < maxTold) told.set(toldAs, known);
      const retryInMs = delayAfter(repeatAfterMs, delivery.deliveries);
      worker.counter.fail(worker.time);
      emit({ type: 'alert-failed', id: letter.id, error: reasonOf(failureOf(error)), retryInMs });
      worker.settler.nak(held, retryInMs);
    }
  };
}

/** Its id says which death of which event; with the stream's name, since several pipelines may share a subject. */
async function publishTo(
  publish: PublishNotice,
  { onDeadLetter }: ReaderSettings,
  letter: DeadLetter,
): Promise<void> {
  if (onDeadLetter.subject === undefined) return;
  const msgId = `dead-letter/${letter.stream}/${letter.id}/${letter.cycle}`;
  await publish(onDeadLetter.subject, JSON.stringify(letter), msgId);
}

/** In a turn of its own: whatever runs in that one is this consumer's. */
function call(handler: DeadLetterHandler, letter: DeadLetter): Promise<unknown> {
  return Promise.resolve().then(() => {
    enterHandlerOf(letter.consumer);
    return handler(letter);
  });
}

/** Few alerts run at once: one that never settles must not hold up the others. */
function inTime(work: unknown): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`no result within ${handlerTimeoutMs} ms`)), handlerTimeoutMs);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
