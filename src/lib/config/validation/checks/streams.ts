import { formatDuration } from '../../../domain/duration.js';
import {
  filterContains,
  filterFault,
  filtersOverlap,
  isFilter,
  isName,
  isSubject,
  nameFault,
  notASubject,
} from '../../../domain/subjects.js';
import { type Path, type Problems, quoted, show } from '../problems.js';
import { durationMs, maxAgeOf, sizeOf, streamNameOf, streamRoles, subjectsOf } from '../../resolve.js';
import type { StreamRole } from '../../resolved.js';
import type { ParsedConfig } from '../../schema/schema.js';
import { formatSize } from '../../schema/size.js';

/** What a stream may not drop to make room. */
const irreplaceable: Partial<Readonly<Record<StreamRole, string>>> = {
  retry: 'pointers to events that wait',
  dlq: 'dead letters',
  operations: 'archived dead letters',
  kept: 'kept originals of dead letters',
};

/** Records and pointers hold a message, a stack and ids, all of them cut to a length: none is larger. */
const largestRecord = 65_536;

const nameShape = 'a name of letters, digits, - and _, at most 128 long';

/** What was expected in place of a text that is no name, and what is wrong with it. */
export function notAName(text: string): string {
  return `expected ${nameShape}, found ${show(text)}: ${nameFault(text)}`;
}

/** Names, subjects and limits of the six streams, each alone and against the others. */
export function checkStreams(parsed: ParsedConfig, problems: Problems): void {
  if (problems.intact(['name']) && !isName(parsed.name)) {
    problems.addBroken(['name'], notAName(parsed.name));
  }
  for (const role of streamRoles) {
    checkName(parsed, role, problems);
    checkSubjects(parsed, role, problems);
    checkLimits(parsed, role, problems);
  }
  checkPerSubject(parsed, problems);
  checkPrefix(parsed, problems);
  checkOverlaps(parsed, problems);
}

function checkName(parsed: ParsedConfig, role: StreamRole, problems: Problems): void {
  const path = ['streams', role, 'name'];
  if (!problems.intact(path)) return;
  const name = streamNameOf(parsed, role);
  if (!isName(name)) {
    problems.addBroken(path, notAName(name));
    return;
  }
  const earlier = streamRoles.slice(0, streamRoles.indexOf(role));
  const same = earlier.find((other) => streamNameOf(parsed, other) === name);
  if (same) problems.addBroken(path, `expected a name of its own, found that of streams.${same}: "${name}"`);
}

/** Where the subjects of a stream are said: its list, or the name that they follow from. */
function subjectsPath(parsed: ParsedConfig, role: StreamRole): Path {
  if (parsed.streams[role].subjects) return ['streams', role, 'subjects'];
  return role === 'events' && parsed.subjectPrefix !== undefined
    ? ['subjectPrefix']
    : ['streams', role, 'name'];
}

function checkSubjects(parsed: ParsedConfig, role: StreamRole, problems: Problems): void {
  const { subjects } = parsed.streams[role];
  const path = ['streams', role, 'subjects'];
  if (!subjects || !problems.intact(path)) return;
  if (role !== 'events' && subjects.length !== 1) {
    problems.addBroken(
      path,
      `expected exactly one subject like "events-${role}.>", found ${subjects.length}`,
    );
    return;
  }
  for (const [i, subject] of subjects.entries()) {
    const why = role === 'events' ? eventSubjectProblem(subject) : ownSubjectProblem(role, subject);
    if (why !== undefined) problems.addBroken([...path, i], why);
  }
}

function eventSubjectProblem(subject: string): string | undefined {
  const found = `found ${show(subject)}`;
  if (!isFilter(subject)) return `expected a subject like "events.>", ${found}: ${filterFault(subject)}`;
  if (isServers(subject)) return `${notServers}, ${found}`;
  if (/^[*>]/.test(subject)) {
    return `expected a subject whose first token is not a wildcard (it would capture the server's own subjects too), ${found}`;
  }
  return undefined;
}

function ownSubjectProblem(role: StreamRole, subject: string): string | undefined {
  const root = subject.replace(/\.>$/, '');
  const found = `found ${show(subject)}`;
  if (root === subject || !isSubject(root)) {
    const fault = isFilter(subject) ? '' : `: ${filterFault(subject)}`;
    return `expected one subject like "events-${role}.>", ${found}${fault}`;
  }
  return isServers(subject) ? `${notServers}, ${found}` : undefined;
}

const notServers = "expected a subject that is not the server's own ($…, _INBOX)";

/** The events stream stores all that begins with the prefix. */
function checkPrefix(parsed: ParsedConfig, problems: Problems): void {
  const { subjectPrefix: prefix, streams } = parsed;
  const path = ['subjectPrefix'];
  if (prefix === undefined || !problems.intact(path)) return;
  if (!isSubject(prefix)) {
    problems.addBroken(path, notASubject(prefix, show(prefix), 'shop'));
    return;
  }
  if (isServers(prefix) || isServers(`${prefix}.>`)) {
    problems.addBroken(path, `${notServers}, found ${show(prefix)}`);
    return;
  }
  const { subjects } = streams.events;
  if (!subjects || !problems.intact(['streams', 'events', 'subjects'])) return;
  if (subjects.some((stored) => filterContains(stored, `${prefix}.>`))) return;
  problems.addBroken(
    path,
    `expected a prefix whose subjects the events stream stores (${quoted(subjects)}), found ${show(prefix)}`,
  );
}

export function isServers(subject: string): boolean {
  return subject.startsWith('$') || subject.split('.')[0] === '_INBOX';
}

function checkOverlaps(parsed: ParsedConfig, problems: Problems): void {
  const seen: { readonly role: StreamRole; readonly subject: string }[] = [];
  for (const role of streamRoles) {
    const path = subjectsPath(parsed, role);
    if (!problems.intact(path)) continue;
    for (const [i, subject] of subjectsOf(parsed, role).entries()) {
      const other = seen.find((earlier) => filtersOverlap(earlier.subject, subject));
      if (other) {
        const at = path.at(-1) === 'subjects' ? [...path, i] : path;
        const where = other.role === role ? 'of the same stream' : `of streams.${other.role}`;
        problems.addBroken(
          at,
          `expected subjects that don't overlap, found "${subject}" and "${other.subject}" ${where}`,
        );
      } else seen.push({ role, subject });
    }
  }
}

function checkLimits(parsed: ParsedConfig, role: StreamRole, problems: Problems): void {
  const stream = parsed.streams[role];
  const path: Path = ['streams', role];
  const limited = stream.maxBytes !== undefined || stream.maxMsgs !== undefined;
  const what = irreplaceable[role];
  if (what !== undefined && stream.discard === 'old' && limited) {
    problems.addBroken(
      [...path, 'discard'],
      `expected "new" with maxBytes or maxMsgs, found "old": it would evict ${what}`,
    );
  }
  const maxBytes = sizeOf(stream.maxBytes);
  if (role !== 'events' && maxBytes !== undefined && maxBytes < largestRecord) {
    problems.addBroken(
      [...path, 'maxBytes'],
      `expected at least ${formatSize(largestRecord)}, room for one record, found ${show(stream.maxBytes)}`,
    );
  }
  const window = stream.duplicateWindow;
  const maxAgeMs = maxAgeOf(stream);
  if (window === undefined || maxAgeMs === 0) return;
  if (!problems.intact([...path, 'duplicateWindow'], [...path, 'maxAge'])) return;
  if (durationMs(window) > maxAgeMs) {
    problems.addBroken(
      [...path, 'duplicateWindow'],
      `expected at most maxAge (${formatDuration(maxAgeMs)}), found ${show(window)}`,
    );
  }
}

/** No event goes before its consumers, and the pointers to it, are done with it. */
function checkPerSubject({ streams }: ParsedConfig, problems: Problems): void {
  const { maxMsgsPerSubject: most, discard } = streams.events;
  const path = ['streams', 'events', 'maxMsgsPerSubject'];
  if (most === undefined || discard === 'new' || !problems.intact(path, ['streams', 'events', 'discard']))
    return;
  problems.addBroken(
    path,
    `expected streams.events.discard: "new" with it, found "old": it would remove events that consumers and dead letters still need; to keep the newest of each subject, let a consumer write it into a key-value bucket`,
  );
}
