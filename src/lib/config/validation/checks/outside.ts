import { noticeSubject, unknownPlaceholder } from '../../../domain/notice-subject.js';
import { filtersOverlap, isSubject, notASubject } from '../../../domain/subjects.js';
import { streamRoles, subjectsOf } from '../../resolve.js';
import type { ParsedConfig } from '../../schema/schema.js';
import { type Path, type Problems, show } from '../problems.js';
import { isServers } from './streams.js';

interface Outside {
  readonly path: Path;
  readonly subject: string;
  /** A good one. */
  readonly example: string;
}

/** A subject to publish to that is neither the server's nor one of the pipeline's streams. */
export function checkOutside(
  parsed: ParsedConfig,
  { path, subject, example }: Outside,
  problems: Problems,
): void {
  if (!isSubject(subject)) {
    problems.addBroken(path, notASubject(subject, show(subject), example));
    return;
  }
  if (isServers(subject)) {
    problems.addBroken(
      path,
      `expected a subject that is not the server's own ($…, _INBOX), found ${show(subject)}`,
    );
    return;
  }
  const role = streamRoles.find((one) =>
    subjectsOf(parsed, one).some((stored) => filtersOverlap(stored, subject)),
  );
  if (role !== undefined) {
    problems.addBroken(
      path,
      `expected a subject outside of the pipeline's streams, found ${show(subject)} of streams.${role}`,
    );
  }
}

/** Where dead letters are told is outside of the pipeline. */
export function checkNotices(parsed: ParsedConfig, problems: Problems): void {
  for (const [name, { onDeadLetter }] of Object.entries(parsed.consumers)) {
    const { subject } = onDeadLetter;
    const path = ['consumers', name, 'onDeadLetter', 'subject'];
    if (subject === undefined || !problems.intact(path)) continue;
    const unknown = unknownPlaceholder(subject);
    if (unknown === undefined) {
      const outside = { path, subject: noticeSubject(subject, name), example: 'failed.{consumer}' };
      checkOutside(parsed, outside, problems);
    } else {
      problems.addBroken(path, `expected no placeholder but {consumer}, found ${show(unknown)}`);
    }
  }
}
