import { type Decoded, isCount, isText, isTime, type JsonObject, malformed } from './decode.js';
import type { Kind } from './fingerprint-similar.js';

/** Who changed something about a group, when and what. */
export interface GroupChange {
  /** ISO. */
  readonly at: string;
  /** The operator. */
  readonly by: string;
  /** In words: `acknowledged`, `muted until 100x`. */
  readonly did: string;
}

/** A moment in the life of a group. */
export interface GroupMoment {
  /** ISO. */
  readonly at: string;
  /** In the DLQ, the sequence of its newest dead letter by then. */
  readonly dlqSeq: number;
}

/** What is kept about a group of dead letters: what a pipeline has told, and what people decided. */
export interface GroupDocument {
  readonly v: 1;
  readonly id: string;
  readonly consumer: string;
  readonly kind: Kind;
  /** What the failure says besides its words. */
  readonly code: string | null;
  /** A running pipeline told of its first dead letter. */
  readonly told: GroupMoment | null;
  /** It died again after all of its dead letters had left. */
  readonly back: GroupMoment | null;
  /** Somebody has seen it. */
  readonly acked: GroupMoment | null;
  /** `until`: an ISO time; `100x`, so many more dead letters; or `deploy`. */
  readonly mute: (GroupMoment & { readonly until: string }) | null;
  readonly note: string | null;
  readonly assignee: string | null;
  readonly incident: string | null;
  /** The newest changes that people made, oldest first. */
  readonly history: readonly GroupChange[];
}

/** A group that nobody has told or decided anything about. */
export function emptyGroup({
  id,
  consumer,
  kind,
  code,
}: Pick<GroupDocument, 'id' | 'consumer' | 'kind' | 'code'>): GroupDocument {
  const nothing = {
    told: null,
    back: null,
    acked: null,
    mute: null,
    note: null,
    assignee: null,
    incident: null,
  };
  return { v: 1, id, consumer, kind, code, ...nothing, history: [] };
}

export function decodeGroup(object: JsonObject): Decoded<GroupDocument> {
  const { v, id, consumer, note, assignee, incident, history } = object;
  if (v !== 1) return malformed('v: expected 1');
  if (!isText(id) || !/^[0-9a-f]{12}$/.test(id)) return malformed('id: expected 12 hexadecimal digits');
  if (!isText(consumer)) return malformed('consumer: expected a name');
  const kind = readKind(object['kind']);
  if (!kind) return malformed('kind: expected {fingerprint, name, code, shape}');
  const mute = readMoment(object['mute']);
  const until = (object['mute'] as JsonObject | null | undefined)?.['until'];
  return {
    ok: true,
    value: {
      v: 1,
      id,
      consumer,
      kind,
      code: isText(object['code']) ? object['code'] : null,
      told: readMoment(object['told']),
      back: readMoment(object['back']),
      acked: readMoment(object['acked']),
      mute: mute && isText(until) ? { ...mute, until } : null,
      note: isText(note) ? note : null,
      assignee: isText(assignee) ? assignee : null,
      incident: isText(incident) ? incident : null,
      history: Array.isArray(history) ? history.filter(isChange) : [],
    },
  };
}

const isObject = (value: unknown): value is JsonObject => typeof value === 'object' && value !== null;

function isChange(value: unknown): value is GroupChange {
  return isObject(value) && isTime(value['at']) && isText(value['by']) && isText(value['did']);
}

function readMoment(value: unknown): GroupMoment | null {
  if (!isObject(value)) return null;
  const { at, dlqSeq } = value;
  return isTime(at) && isCount(dlqSeq) ? { at, dlqSeq } : null;
}

function readKind(value: unknown): Kind | undefined {
  if (!isObject(value) || !isObject(value['shape'])) return undefined;
  const { fingerprint, name, code } = value;
  const { words, fixed } = value['shape'];
  if (!isText(fingerprint) || typeof name !== 'string' || typeof code !== 'string') return undefined;
  if (!Array.isArray(words) || !words.every((word): word is string => typeof word === 'string'))
    return undefined;
  if (!Array.isArray(fixed) || !fixed.every(isCount)) return undefined;
  return { fingerprint, name, code, shape: { words, fixed } };
}
