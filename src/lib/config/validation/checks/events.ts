import { templateProblem } from '../../../domain/subject-template.js';
import {
  filterContains,
  filtersOverlap,
  isSubject,
  notASubject,
  subjectFault,
} from '../../../domain/subjects.js';
import type { EventType } from '../../resolved.js';
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
  checkEnvelope(parsed, problems);
  const earlier: EventType[] = [];
  for (const event of resolveEvents(parsed)) {
    const { type, subject, template = subject } = event;
    const written = parsed.events[type]?.subject;
    const path: Path = written === undefined ? ['events', type] : ['events', type, 'subject'];
    if (!problems.intact(path) || (written === undefined && !known && isSubject(type))) continue;
    const odd = templateProblem(template);
    const other = earlier.find((one) => filtersOverlap(one.subject, subject));
    if (!isSubject(type)) {
      problems.addBroken(
        ['events', type],
        `expected an event type like "order.placed", found ${show(type)}: ${subjectFault(type)}`,
      );
    } else if (!isSubject(template)) {
      problems.addBroken(path, `${notASubject(template, show(template))}${withParts(template)}`);
    } else if (odd !== undefined) {
      problems.addBroken(path, `${odd}, found ${show(template)}`);
    } else if (known && !stored.some((filter) => filterContains(filter, subject))) {
      const what =
        written === undefined ? `the subject "${subject}" that follows from the type` : show(template);
      problems.addBroken(path, `expected a subject within ${quoted(stored)} (streams.events), found ${what}`);
    } else if (other !== undefined) {
      const its = other.template ?? other.subject;
      const same = its === template ? '' : ` "${its}"`;
      problems.addBroken(
        path,
        `expected a subject of its own, found that of "${other.type}"${same}: "${template}"`,
      );
    } else earlier.push(event);
  }
}

/** What a `*` for the id of a thing is written as: a part with a name. */
function withParts(subject: string): string {
  let count = 0;
  const tokens = subject
    .split('.')
    .map((token) => (token === '*' ? `{id${++count > 1 ? count : ''}}` : token));
  const meant = tokens.join('.');
  if (count === 0 || !isSubject(meant) || templateProblem(meant) !== undefined) return '';
  return `; a part that changes has a name: "${meant}"`;
}

/** Each key of an envelope holds one thing. */
function checkEnvelope({ envelope }: ParsedConfig, problems: Problems): void {
  const seen = new Map<string, string>();
  for (const [what, key] of Object.entries(envelope ?? {})) {
    if (key === undefined) continue;
    const other = seen.get(key);
    if (other !== undefined)
      problems.add(['envelope', what], `expected a key of its own, found that of ${other}: ${show(key)}`);
    seen.set(key, what);
  }
}
