/** Errors of one library or service, as a handler of events sees them. */
export interface Source {
  readonly source: string;
  /** Of errors that have no name of their own here. */
  readonly name: string;
  /**
   * One cause each: its message, or its name and its messages. `{uuid}` and the like stand for what varies; several
   * messages are several forms of one cause.
   */
  readonly causes: readonly (string | readonly [name: string, ...messages: string[]])[];
}
