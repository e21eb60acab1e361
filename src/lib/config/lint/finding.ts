/** What a config may say and that works, but that somebody will regret. */
export interface LintFinding {
  /** Where, as `events["send.email"]`. */
  readonly path: string;
  /** What it breaks. */
  readonly rule: LintRule;
  /** What was found, and what would be better. */
  readonly message: string;
}

/** The rules, by name. */
export type LintRule =
  | 'command-name'
  | 'several-owners'
  | 'no-owner'
  | 'example-invalid'
  | 'example-too-large'
  | 'deprecated-read'
  | 'unread'
  | 'reads-nothing';
