/** What to read of a stream, and how. */
export interface ReadOptions {
  readonly stream: string;
  /** What to read; no two may overlap. */
  readonly filters: readonly string[];
  /**
   * Where to begin. Default: the first message that is stored. `lastPerSubject`: of what is stored, only the last
   * message of each subject; not with `follow`.
   */
  readonly from?: { readonly seq: number } | { readonly timeMs: number } | { readonly lastPerSubject: true };
  /** Go on with what is written later. Default: end at the last sequence that the stream has at the start. */
  readonly follow?: boolean;
  /** The last sequence to read. Default: without `follow`, the last that the stream has at the start. */
  readonly lastSeq?: number;
  /** Without payloads: `data` is empty. Default: with them. */
  readonly headersOnly?: boolean;
  /** Called when the server has begun to deliver; again after each interruption. */
  readonly onBegun?: () => void;
  /** Ends the reading; what was yielded by then stays valid. */
  readonly signal?: AbortSignal;
}
