import { describeIssues } from '../../config/schema/standard-schema.js';
import type { Decoded } from '../../domain/decode.js';
import { decodeText, malformed } from '../../domain/decode.js';
import { type EnvelopeKeys, unwrap } from '../../domain/envelope.js';
import { type EditableEvent, isSameEvent } from '../../domain/edit.js';
import { subjectMatches } from '../../domain/subjects.js';
import { parseWithNumbers } from '../../domain/numbers.js';
import type { Pointer } from '../../domain/pointer.js';
import type { Original } from '../../pointers/original.js';
import { lastRecord } from '../../journal/read.js';
import { concurrently } from '../../flow/concurrently.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import type { DlqEntry } from '../../pointers/entry.js';
import { fetchEvent } from '../../pointers/kept/event-of.js';
import { type Opened, openForEditing, seal } from './secret-event.js';
import { readKept } from '../../pointers/kept/read-kept.js';
import type { SkipDecision } from '../plan/plan-letters.js';
import { replayKey } from '../replay/decide-replay.js';
import type { ReplayTerms } from '../replay/plan-replay.js';
import { decideNow, type Doing } from '../replay/replay-one.js';

/** Makes another event of one; a reason where it can't. */
export type Change = (event: EditableEvent, about: Pointer) => Promise<Decoded<EditableEvent>>;

/** What editing a dead letter means. */
export type EditDecision = (
  | (SkipDecision & { readonly why: 'unchanged' | 'invalid' | 'skipped' })
  | {
      readonly do: 'edit';
      readonly pointer: Pointer;
      readonly before: EditableEvent;
      readonly after: EditableEvent;
      /** `after` as it is kept: encrypted, where it was before, or its event type says so. */
      readonly stored: EditableEvent;
    }
  /** Its replay was begun with this very edit: only the rest is done. */
  | { readonly do: 'finish'; readonly doing: Doing }
) & { readonly original?: Original['state']; readonly supersededBy?: number };

const eventsAtOnce = 64;

/** What editing each of these means, in their order. Reads the events, and writes nothing. */
export async function decideEdits(
  pipeline: Pipeline,
  entries: readonly DlqEntry[],
  change: Change,
  { ifSuperseded }: ReplayTerms = {},
): Promise<EditDecision[]> {
  const decisions = await decideNow(pipeline, entries, ifSuperseded);
  const decided = await concurrently(decisions, eventsAtOnce, async (decision): Promise<EditDecision> => {
    if (decision.do === 'skip') return { ...decision, why: 'skipped' };
    if (decision.do === 'route')
      return skip('skipped', 'it is a record of the journal, and not an event: nothing of it can be edited');
    const { pointer } = decision;
    const current = await currentEvent(pipeline, pointer);
    if (!current) return skip('skipped', 'its event is gone');
    if (!current.ok) return skip('skipped', current.reason);
    const { event: before, isSecret } = current.value;
    const after = await change(before, pointer);
    if (!after.ok) return skip('invalid', after.reason);
    if (decision.do === 'finish') return finish(pipeline, decision, after.value);
    if (isSameEvent(before, after.value)) return skip('unchanged', 'nothing of it would change');
    const refusal = await schemaRefusal(pipeline, pointer.origin.subject, after.value, isSecret);
    if (refusal !== undefined) return skip('invalid', refusal);
    const { supersededBy } = decision;
    return {
      do: 'edit',
      pointer,
      before,
      after: after.value,
      stored: isSecret ? await seal(pipeline, after.value) : after.value,
      ...(supersededBy ? { supersededBy } : {}),
    };
  });
  // Without a signal, each was looked at.
  return decided as EditDecision[];
}

function skip(why: 'unchanged' | 'invalid' | 'skipped', reason: string): EditDecision {
  return { do: 'skip', why, reason };
}

async function finish(
  pipeline: Pipeline,
  doing: Extract<Doing, { readonly do: 'finish' }>,
  after: EditableEvent,
): Promise<EditDecision> {
  const { pointer } = doing;
  const made = await readKept(pipeline, pointer.consumer, pointer.origin, pointer.cycle + 1);
  // What was resolved since is not kept any more.
  const opened = made && (await openForEditing(pipeline, made.message));
  const isIt = opened
    ? opened.ok && isSameEvent(opened.value.event, after)
    : (await lastRecord(pipeline, replayKey(pointer), 'EDITED')) !== undefined;
  if (isIt) return { do: 'finish', doing: { ...doing, isWanted: true } };
  return skip('skipped', 'its replay has begun without this edit: replay it again to remove it from the DLQ');
}

/** As it was edited last for a cycle that has begun, else its original. What was begun and not replayed is no base. */
async function currentEvent(pipeline: Pipeline, pointer: Pointer): Promise<Decoded<Opened> | undefined> {
  const { consumer, origin, cycle } = pointer;
  for (let made = cycle; made > 0; made--) {
    const version = await readKept(pipeline, consumer, origin, made);
    if (version) return openForEditing(pipeline, version.message);
  }
  const original = await fetchEvent(pipeline, pointer);
  return original.state === 'present' ? openForEditing(pipeline, original.message) : undefined;
}

/** The schema is about the data, not about what is around it. */
function inner(envelope: EnvelopeKeys | undefined, value: unknown): unknown {
  const unwrapped = envelope && unwrap(envelope, value);
  return unwrapped ? unwrapped.data : value;
}

/** Why the schema of its event type refuses it. */
async function schemaRefusal(
  { config }: Pipeline,
  subject: string,
  { payload }: EditableEvent,
  isSecret: boolean,
): Promise<string | undefined> {
  const type = config.events.find((one) => subjectMatches(one.subject, subject));
  if (!type?.schema) return undefined;
  const text = decodeText(payload);
  const data = text === undefined ? malformed('not text') : parseWithNumbers(text, config.numbers);
  if (!data.ok) return `the schema of ${type.type} needs JSON`;
  const { issues } = await type.schema['~standard'].validate(inner(config.envelope, data.value));
  return issues
    ? `it does not match the schema of ${type.type}: ${describeIssues(issues, isSecret)}`
    : undefined;
}
