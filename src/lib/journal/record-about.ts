import type { Place } from '../pipeline/places.js';
import type { Key } from '../domain/key.js';
import type { JournalRecord, RecordFacts, Written } from '../domain/record.js';
import { recordSubject } from '../domain/subjects.js';
import type { RecordKind } from '../domain/record-kinds.js';

/** A record about a key. */
export function recordAbout(key: Key, facts: RecordFacts & Written): JournalRecord {
  const { tier, consumer, stage, cycle, origin } = key;
  return { v: 1, tier, consumer, stage, cycle, origin, ...facts };
}

export function subjectOf(place: Place, key: Key, kind: RecordKind): string {
  const { tier, consumer, origin, stage, cycle } = key;
  return recordSubject(place.root, { tier, kind, consumer, seq: origin.seq, stage, cycle });
}
