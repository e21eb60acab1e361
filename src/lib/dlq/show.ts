import { oneOf } from '../domain/options.js';
import { refuseNoPipeline, refuseNoText } from '../domain/given.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import { metaConsumers } from '../domain/consumer-names.js';
import { type Decoded, decodeText, isDeeperThan, parseJson } from '../domain/decode.js';
import { JsonText } from '../domain/json-text.js';
import type { Pointer } from '../domain/pointer.js';
import type { LetterStatus } from '../domain/selection/match.js';
import type { JournalRecord } from '../domain/record.js';
import { isSealed, keyIdOf } from '../encryption/sealed.js';
import { inOrderOfStory } from '../domain/story.js';
import type { GroupDocument } from '../domain/group-document.js';
import { isoOfNanos } from '../domain/time.js';
import { groupOfLetter } from '../groups/known-of.js';
import { readHistory } from '../journal/history.js';
import type { MessageHeaders, StoredMessage } from '../nats/wire/message.js';
import { logRead } from '../operations/log-read.js';
import { editedVersions } from '../pointers/kept/edited-versions.js';
import { readKept } from '../pointers/kept/read-kept.js';
import { type DeadLetterItem, itemOf } from './item.js';
import { notFound } from './not-found.js';
import { findEntry } from './select.js';
import { Expiry } from './state.js';

/** How an event is encrypted, and whether it is shown all the same. */
export interface ShownEncryption {
  /** Id of the key. */
  readonly key: string;
  /** `data` is what was published. */
  readonly opened: boolean;
  /** Why it is not opened; null: nobody has tried, or it is. */
  readonly reason: string | null;
}

/** The original event as it stands in its stream. */
export interface ShownEvent {
  /** The subject that it was published to. */
  readonly subject: string;
  /** Header names as published, each with all its values. */
  readonly headers: MessageHeaders;
  /**
   * The value of JSON (at most 500 levels deep), the text, base64, or, where it is not opened, what is encrypted:
   * `encoding` says which. Its numbers may be rounded.
   */
  readonly data: unknown;
  /** The payload as it was published, without a byte order mark; null: it is not text. */
  readonly text: string | null;
  /** What `data` is. */
  readonly encoding: 'json' | 'utf8' | 'base64' | 'encrypted';
  /** When it was stored, ISO. */
  readonly time: string;
  /** Of an event that is encrypted in its stream. */
  readonly encryption?: ShownEncryption;
}

/** An edited version of an event; its subject and time are those of the original. */
export interface EditedEvent extends ShownEvent {
  /** The replay that it was made for. */
  readonly cycle: number;
  /** Who edited it, as `user@host`; null: unknown. */
  readonly editedBy: string | null;
  /** When, ISO; null: unknown. */
  readonly editedAt: string | null;
  /** Why; null: unknown. */
  readonly why: string | null;
}

/** A journal record and its sequence there: when it happened to be stored. */
export type HistoryRecord = JournalRecord & {
  /** Sequence in the journal. */
  readonly journalSeq: number;
};

/** What people decided about the group of a dead letter. */
export interface GroupDecided {
  /** What somebody noted about it. */
  readonly note: string | null;
  /** Who looks after it. */
  readonly assignee: string | null;
  /** The incident that it belongs to. */
  readonly incident: string | null;
}

/** One dead letter, its event and its history. `group` is the id that `dlq groups` lists. */
export interface DeadLetterDetails extends DeadLetterItem {
  /** The original; null when it is missing or replaced. */
  readonly event: ShownEvent | null;
  /** What a replay handles in place of the original, where somebody has edited it. */
  readonly editedEvent?: EditedEvent;
  /** What people decided about its group; there only where something is. */
  readonly decided?: GroupDecided;
  /** What the journal still holds about it, of all cycles, each behind what led to it. */
  readonly history: readonly HistoryRecord[];
  /** Of a `meta-consumer` dead letter: the record that could not be routed. */
  readonly embedded?: Readonly<Record<string, unknown>>;
}

/**
 * One dead letter with its event and its history: that in the DLQ, or else the archived one; with `status` that one.
 * Throws OperationError `NOT_FOUND` (exit code 1).
 */
export async function showDeadLetter(
  pipeline: Pipeline,
  id: string,
  status?: LetterStatus,
): Promise<DeadLetterDetails> {
  refuseNoPipeline(pipeline);
  refuseNoText('id', id);
  if (status !== undefined) oneOf('dead', 'archived')('status', status);
  const { link } = pipeline;
  const entry =
    (await findEntry(pipeline, id, status)) ??
    (status === undefined ? await findEntry(pipeline, id, 'archived') : undefined);
  if (!entry) throw await notFound(pipeline, id, status);
  await logRead(pipeline, `dlq show ${id}`, [entry.letter.consumer]);
  const { pointer } = entry;
  const [{ item, original }, history, group, edited] = await Promise.all([
    itemOf(pipeline, entry, new Expiry(link)),
    pointer ? historyOf(pipeline, pointer) : [],
    groupOfLetter(pipeline, entry),
    pointer ? editedEvent(pipeline, pointer) : undefined,
  ]);
  return {
    ...item,
    group: group.id,
    event: original.state === 'present' ? await openedEvent(pipeline, original.message) : null,
    ...(edited ? { editedEvent: edited } : {}),
    ...decidedOf(group.document),
    history,
    ...(pointer?.embedded ? { embedded: pointer.embedded } : {}),
  };
}

/** The version that a replay would handle; undefined: the original. */
async function editedEvent(pipeline: Pipeline, pointer: Pointer): Promise<EditedEvent | undefined> {
  const { consumer, origin } = pointer;
  const [version] = await editedVersions(pipeline, [pointer]);
  const found = version && (await readKept(pipeline, consumer, origin, version.cycle));
  if (!found) return undefined;
  const { operator = null, at = null, note = null } = found.edit ?? {};
  return {
    ...(await openedEvent(pipeline, found.message)),
    cycle: version.cycle,
    editedBy: operator,
    editedAt: at,
    why: note,
  };
}

function decidedOf(group: GroupDocument | undefined): Pick<DeadLetterDetails, 'decided'> {
  const { note = null, assignee = null, incident = null } = group ?? {};
  const isAny = note !== null || assignee !== null || incident !== null;
  return isAny ? { decided: { note, assignee, incident } } : {};
}

async function historyOf(pipeline: Pipeline, pointer: Pointer): Promise<HistoryRecord[]> {
  const { consumer, origin } = pointer;
  // All three meta consumers write about the same journal record.
  const isMeta = consumer === metaConsumers.main;
  const records = isMeta
    ? await readHistory(pipeline, 'meta', '*', origin)
    : await readHistory(pipeline, 'business', consumer, origin);
  const history = records.map(({ journalSeq, record }) => ({ ...record, journalSeq }));
  return isMeta ? history : inOrderOfStory(history);
}

/** An encrypted one stays so, whoever has the keys: what leaves this machine never holds more than its stream does. */
export function shownEvent(message: StoredMessage): ShownEvent {
  return isSealed(message) ? sealedEvent(message, null) : plainEvent(message, message.data);
}

/** The same, opened where a key is here. */
export async function openedEvent(
  { keys }: Pick<Pipeline, 'keys'>,
  message: StoredMessage,
): Promise<ShownEvent> {
  return isSealed(message)
    ? eventOpened(message, await keys.open(message))
    : plainEvent(message, message.data);
}

/** An encrypted event, and what opening it gave. */
export function eventOpened(message: StoredMessage, opened: Decoded<Uint8Array>): ShownEvent {
  if (!opened.ok) return sealedEvent(message, opened.reason);
  const encryption = { key: keyIdOf(message), opened: true, reason: null };
  return { ...plainEvent(message, opened.value), encryption };
}

function sealedEvent(message: StoredMessage, reason: string | null): ShownEvent {
  const { subject, headers, data, time } = message;
  const encryption = { key: keyIdOf(message), opened: false, reason };
  const shown = { data: Buffer.from(data).toString('latin1'), text: null, encoding: 'encrypted' } as const;
  return { subject, headers, ...shown, time: isoOfNanos(time), encryption };
}

function plainEvent({ subject, headers, time }: StoredMessage, data: Uint8Array): ShownEvent {
  return { subject, headers, ...decodeData(data), time: isoOfNanos(time) };
}

/** What `--json` prints of it: `data` is the stored JSON, each digit as it was published. */
export function printedEvent<T extends Pick<ShownEvent, 'data' | 'text' | 'encoding'>>({
  text,
  ...event
}: T): Omit<T, 'text'> {
  return event.encoding === 'json' && text !== null ? { ...event, data: new JsonText(text) } : event;
}

/** JSON that is deeper is shown as its text: some readers of JSON refuse it. */
const mostLevels = 500;

/** JSON where it is JSON, else the text where it is UTF-8, else base64. The one place that decodes what is shown. */
export function decodeData(bytes: Uint8Array): Pick<ShownEvent, 'data' | 'text' | 'encoding'> {
  const text = decodeText(bytes);
  if (text === undefined)
    return { data: Buffer.from(bytes).toString('base64'), text: null, encoding: 'base64' };
  const decoded = parseJson(text);
  return decoded.ok && !isDeeperThan(mostLevels, decoded.value)
    ? { data: decoded.value, text, encoding: 'json' }
    : { data: text, text, encoding: 'utf8' };
}
