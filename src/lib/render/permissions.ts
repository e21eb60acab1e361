import type { RolePermissions, SubjectPermissions } from '../permissions/permissions.js';
import { shellQuoted } from './shell-word.js';

/** A `permissions` block of a nats-server configuration, to stand in a user or to be included there. */
export function renderServerPermissions({ publish, subscribe }: RolePermissions): string {
  return [
    'permissions {',
    ...serverDirection('publish', publish),
    ...serverDirection('subscribe', subscribe),
    '}',
  ].join('\n');
}

function serverDirection(direction: string, { allow, deny = [] }: SubjectPermissions): string[] {
  return [
    `  ${direction} {`,
    ...serverList('allow', allow),
    ...(deny.length === 0 ? [] : serverList('deny', deny)),
    '  }',
  ];
}

function serverList(name: string, subjects: readonly string[]): string[] {
  return [`    ${name}: [`, ...subjects.map((subject) => `      ${JSON.stringify(subject)}`), '    ]'];
}

/** The nsc command that gives a user of an operator-mode account these permissions. */
export function renderNscPermissions({ user, publish, subscribe }: RolePermissions): string {
  const flags = [
    ...nscFlags('--allow-pub', publish.allow),
    ...nscFlags('--deny-pub', publish.deny ?? []),
    ...nscFlags('--allow-sub', subscribe.allow),
    ...nscFlags('--deny-sub', subscribe.deny ?? []),
  ];
  return [`nsc add user --name ${shellQuoted(user)}`, ...flags].join(' \\\n  ');
}

function nscFlags(flag: string, subjects: readonly string[]): string[] {
  return subjects.map((subject) => `${flag} ${shellQuoted(listItem(subject))}`);
}

/** nsc reads each value as a line of CSV. */
function listItem(subject: string): string {
  return /[",]/.test(subject) ? `"${subject.replaceAll('"', '""')}"` : subject;
}
