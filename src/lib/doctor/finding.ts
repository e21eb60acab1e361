import { type PlutomiError } from '../errors.js';
import { permissionsNeeded } from '../permissions/permissions-needed.js';
import type { Suggestion } from '../suggestion.js';

/** What was looked at, in the order in which it has to be right. */
export type Subject =
  | 'config'
  | 'address'
  | 'tls'
  | 'login'
  | 'version'
  | 'jetstream'
  | 'account'
  | 'permissions'
  | 'cluster'
  | 'storage'
  | 'streams'
  | 'consumers'
  | 'paused'
  | 'clock'
  | 'handlers'
  | 'monitor';

/** Something that was looked at. */
export interface Finding {
  /** What it is about. */
  readonly about: Subject;
  /** `fail`: the pipeline can't run like this. `warn`: it can, and somebody should know. */
  readonly status: 'ok' | 'warn' | 'fail';
  /** What was found. */
  readonly message: string;
  /** What to do next; null: nothing. */
  readonly next: Suggestion | null;
}

/** What stands between this machine and a running pipeline. */
export interface Diagnosis {
  /** Nothing has failed. */
  readonly ok: boolean;
  /** In the order in which it has to be right. */
  readonly findings: readonly Finding[];
}

export function ok(about: Subject, message: string): Finding {
  return { about, status: 'ok', message, next: null };
}

export function warn(about: Subject, message: string, next: Suggestion | null = null): Finding {
  return { about, status: 'warn', message, next };
}

export function fail(about: Subject, message: string, next: Suggestion | null = null): Finding {
  return { about, status: 'fail', message, next };
}

/**
 * What an error says, with the first of what it suggests, or the permissions that are missing. A finding is one line,
 * whatever stands in an error.
 */
export function failed(about: Subject, error: PlutomiError): Finding {
  const [head = '', ...more] = error.message.split(/\s*\n\s*/);
  const text = more.length === 0 ? head : `${head}${head.endsWith(':') ? ' ' : '; '}${more.join('; ')}`;
  const [next] = [...error.suggestions, ...permissionsNeeded(error, 'pipeline doctor')];
  return fail(about, text, next ?? null);
}
