import { filterContains, isSubject } from '../../../domain/subjects.js';
import { type Path, type Problems, quoted, show } from '../problems.js';
import { resolveEvents, subjectsOf } from '../../resolve.js';
import type { ParsedConfig } from '../../schema/schema.js';

/** Each event type has a subject of its own, which the events stream stores. */
export function checkEvents(parsed: ParsedConfig, problems: Problems): void {
  const stored = subjectsOf(parsed, 'events');
  const known = problems.intact(
    ['streams', 'events', 'subjects'],
    ['streams', 'events', 'name'],
    ['subjectPrefix'],
  );
  for (const [type, definition] of Object.entries(parsed.events)) {
    if (definition?.encrypt && parsed.keys === undefined && problems.intact(['keys']))
      problems.add(
        ['events', type, 'encrypt'],
        "expected keys: { current: 'env://NAME' } at the root of the config, found nothing to encrypt with",
      );
  }
  const typeOfSubject = new Map<string, string>();
  for (const { type, subject } of resolveEvents(parsed)) {
    const written = parsed.events[type]?.subject;
    const path: Path = written === undefined ? ['events', type] : ['events', type, 'subject'];
    if (!problems.intact(path) || (written === undefined && !known && isSubject(type))) continue;
    if (!isSubject(type)) {
      problems.addBroken(['events', type], `expected an event type like "order.placed", found ${show(type)}`);
    } else if (!isSubject(subject)) {
      problems.addBroken(path, `expected a subject without wildcards, found ${show(subject)}`);
    } else if (known && !stored.some((filter) => filterContains(filter, subject))) {
      const what =
        written === undefined ? `the subject "${subject}" that follows from the type` : show(subject);
      problems.addBroken(path, `expected a subject within ${quoted(stored)} (streams.events), found ${what}`);
    } else if (typeOfSubject.has(subject)) {
      const other = typeOfSubject.get(subject);
      problems.addBroken(path, `expected a subject of its own, found that of "${other}": "${subject}"`);
    } else typeOfSubject.set(subject, type);
  }
}
