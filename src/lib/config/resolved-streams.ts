/**
 * What a stream is for: events, pointers to retry, dead letters, the journal (`advisories`), what people decided
 * (`operations`), or payloads that must outlive their event (`kept`).
 */
export type StreamRole = 'events' | 'retry' | 'dlq' | 'advisories' | 'operations' | 'kept';

/** A stream as the config wants it. */
export interface StreamSettings {
  /** Name of the stream on the server. */
  readonly name: string;
  /** Subjects that it stores, wildcards included. */
  readonly subjects: readonly string[];
  /** Where the server keeps it. */
  readonly storage: 'file' | 'memory';
  /** Copies in the cluster, 1 to 5. */
  readonly replicas: number;
  /** How long messages are kept, ms; 0: forever. */
  readonly maxAgeMs: number;
  /** Most bytes it may hold; -1: no limit. */
  readonly maxBytes: number;
  /** Most messages it may hold; -1: no limit. */
  readonly maxMsgs: number;
  /** Most messages of one subject, one more is refused; only of events. Default: no limit. */
  readonly maxMsgsPerSubject?: number;
  /** At a size limit: `old` deletes the oldest messages, `new` refuses further ones. */
  readonly discard: 'old' | 'new';
  /** How long a message id is remembered, ms. */
  readonly duplicateWindowMs: number;
  /** How the server compresses it on disk. Default: as it is on the server. */
  readonly compression?: 'none' | 's2';
  /** What the server says of it. Default: as it is on the server. */
  readonly description?: string;
  /** What the server keeps with it, besides ours. Default: as it is on the server. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Which servers of a cluster may keep it. Default: as it is on the server. */
  readonly placement?: StreamPlacement;
}

/** Which servers of a cluster may keep a stream. */
export interface StreamPlacement {
  /** Name of the cluster. Default: any. */
  readonly cluster?: string;
  /** Tags that each server must have. Default: none. */
  readonly tags?: readonly string[];
}
