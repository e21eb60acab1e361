/**
 * Subjects of what people decided: one document each. `group.<id>`, `task.<id>` and its parts, `archived.<consumer>.<seq>`,
 * `alert.<name>`, `operation.<id>`, `config`.
 */
export type OperationsKind = 'group' | 'task' | 'archived' | 'alert' | 'operation' | 'config';

/** What follows the kind, each part without blanks, dots and wildcards. */
export function operationsSubject(
  root: string,
  kind: OperationsKind,
  ...parts: readonly (string | number)[]
): string {
  return [root, kind, ...parts].join('.');
}

/** All documents of a kind, with their parts. */
export function operationsFilter(root: string, kind: OperationsKind): string {
  // The config is one document, and has no parts.
  return kind === 'config' ? `${root}.config` : `${root}.${kind}.>`;
}
