import { filterContains, filtersOverlap } from '../domain/subjects.js';
import type { OwnPermissions, OwnUser } from '../nats/account.js';
import type { RolePermissions, SubjectPermissions } from '../permissions/permissions.js';
import { suggestCommand } from '../suggestion.js';
import { fail, type Finding, ok, warn } from './finding.js';

/** More are only counted. */
const mostNamed = 5;

/** Each permission of a role, by what the server says of this user; undefined: it does not say it. */
export function checkPermissions(needed: RolePermissions, user: OwnUser | undefined): Finding[] {
  const { role } = needed;
  const next = suggestCommand('pipeline permissions', { flags: { role }, note: 'what this user needs' });
  if (user === undefined) {
    const text = 'what this user may do is not known: it may not ask ($SYS.REQ.USER.INFO)';
    return [warn('permissions', text, next)];
  }
  const missing = [
    ...missingOf('publish to', needed.publish, user.publish),
    ...missingOf('subscribe to', needed.subscribe, user.subscribe),
  ];
  if (missing.length === 0) return [ok('permissions', `this user has every permission of a ${role}`)];
  const rest = missing.length - mostNamed;
  return [
    ...missing.slice(0, mostNamed).map((what) => fail('permissions', `a ${role} has to ${what}`, next)),
    ...(rest > 0 ? [fail('permissions', `and ${rest} more permissions of a ${role} are missing`, next)] : []),
  ];
}

function missingOf(verb: string, { allow, deny = [] }: SubjectPermissions, own: OwnPermissions): string[] {
  return allow.filter((subject) => !isAllowed(subject, own, deny)).map((subject) => `${verb} ${subject}`);
}

/** A part of it that the role itself denies may be denied. */
function isAllowed(
  subject: string,
  { allow, deny = [] }: OwnPermissions,
  roleDenies: readonly string[],
): boolean {
  const isDenied = deny
    .map(withoutQueue)
    .some((one) => filtersOverlap(one, subject) && !roleDenies.some((ofRole) => filterContains(ofRole, one)));
  if (isDenied) return false;
  return (
    allow === undefined ||
    allow.length === 0 ||
    allow.some((one) => filterContains(withoutQueue(one), subject))
  );
}

/** `<subject> <queue group>` allows a subscription in that group. */
function withoutQueue(subject: string): string {
  return subject.split(' ')[0] ?? subject;
}
