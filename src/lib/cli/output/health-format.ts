import { ConnectionError, InterruptedError } from '../../errors.js';
import { renderNagiosFailure, renderPrometheusFailure } from '../../render/health.js';

export const healthFormats = ['text', 'json', 'nagios', 'prometheus'] as const;
export type HealthFormat = (typeof healthFormats)[number];

/** The format that words ask for, also where the command line can't be parsed: monitoring reads the answer then too. */
export function askedFormat(words: readonly string[]): string | undefined {
  const at = words.indexOf('--format');
  if (at !== -1) return words[at + 1];
  return words.find((word) => word.startsWith('--format='))?.slice('--format='.length);
}

/** What a command prints and exits with that could not look. */
export interface HealthFailure {
  readonly text: string;
  readonly exitCode: number;
}

/** A server that does not answer is critical to monitoring; what keeps it from asking is unknown. */
export function healthFailure(
  error: Error,
  message: string,
  format: string | undefined,
  pipeline: string | undefined,
): HealthFailure | undefined {
  if (error instanceof InterruptedError) return undefined;
  const isDown = error instanceof ConnectionError && error.code !== 'NOT_ALLOWED';
  const [word, exitCode] = isDown ? (['CRITICAL', 2] as const) : (['UNKNOWN', 3] as const);
  if (format === 'prometheus') return { text: renderPrometheusFailure(word, pipeline), exitCode: 0 };
  if (format !== 'nagios') return undefined;
  return { text: renderNagiosFailure(word, message), exitCode };
}
