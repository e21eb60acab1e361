import { isSubject } from './subjects.js';

/** `{tenant}`, as a whole token. */
const part = /^\{([A-Za-z_]\w{0,63})\}$/;

/** The names of the parts of a subject such as `events.{tenant}.totp.requested`; none of a plain subject. */
export function partsOf(subject: string): string[] {
  return subject.split('.').flatMap((token) => part.exec(token)?.[1] ?? []);
}

/** Why it is no subject with parts; undefined: it is one, or a plain subject. */
export function templateProblem(subject: string): string | undefined {
  const odd = subject.split('.').find((token) => /[{}]/.test(token) && !part.test(token));
  if (odd !== undefined) return `expected a part like {tenant} between two dots`;
  const parts = partsOf(subject);
  return new Set(parts).size < parts.length ? 'expected each part once' : undefined;
}

/** With a `*` in place of each part. */
export function filterOfTemplate(subject: string): string {
  return subject
    .split('.')
    .map((token) => (part.test(token) ? '*' : token))
    .join('.');
}

/** A part of a subject that can't be filled in. */
export interface PartProblem {
  /** Its name. */
  readonly part: string;
  /** What is there; undefined: nothing. */
  readonly found: unknown;
}

/** The subject with its parts filled in. */
export function fillTemplate(
  subject: string,
  valueOf: (part: string) => unknown,
): { readonly subject: string } | PartProblem {
  const tokens: string[] = [];
  for (const token of subject.split('.')) {
    const name = part.exec(token)?.[1];
    if (name === undefined) {
      tokens.push(token);
      continue;
    }
    const found = valueOf(name);
    const text = textOf(found);
    if (text === undefined || text.includes('.') || !isSubject(text)) return { part: name, found };
    tokens.push(text);
  }
  const filled = tokens.join('.');
  return isSubject(filled) ? { subject: filled } : { part: partsOf(subject)[0] ?? '', found: filled };
}

/** Of what is the same however it is written. */
function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'bigint' || Number.isSafeInteger(value)) return String(value);
  return undefined;
}
