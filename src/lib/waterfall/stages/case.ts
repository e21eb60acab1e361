import type { Pipeline } from '../../pipeline/pipeline.js';
import type { KeyHistory } from '../../domain/attempt.js';
import type { Failure } from '../../domain/failure.js';
import type { Key } from '../../domain/key.js';
import type { Exhaustion } from '../../domain/record.js';
import type { WaterfallListener } from '../../observe/waterfall-event.js';
import type { Admission } from '../worker/admission.js';
import type { HeldMessage } from '../worker/held-message.js';
import type { Worker } from '../worker/worker.js';

/** What a delivered message asks for. */
export interface Task {
  readonly key: Key;
  /** Not before this time, ms since 1970; 0: now. */
  readonly dueMs: number;
  /** The version of the event that was edited for this cycle, or an earlier one. */
  readonly edited?: number;
  /** `traceparent` of the attempt before it in an earlier stage, or of its replay. */
  readonly trace?: string;
  /** It was delivered before as another message, which the server gave up. */
  readonly putBack?: boolean;
  /** Attempts made in the main stage, where this is a later one. */
  readonly attemptsBefore: number;
  /** When the event first failed, where an earlier stage knows. */
  readonly firstFailedAt?: string;
  /** The record to route, where the message itself is one. */
  readonly exhaustion?: Exhaustion | undefined;
}

/** One message on its way through a stage. */
export interface Case {
  readonly task: Task;
  readonly held: HeldMessage;
  readonly worker: Worker;
  /** What the journal holds about it; empty when there was no need to look. */
  readonly history: KeyHistory;
  /** Its first delivery ever: nothing can have happened to it yet. */
  readonly first: boolean;
  /** The journal holds nothing about it: then its success needs no record either. */
  readonly untold: boolean;
}

/** What reading a delivery gave: a task, and a failure when no retry can make sense of it. */
export interface Identified {
  readonly task: Task;
  readonly failure?: Failure;
}

/** What every stage works with. */
export interface StageTools {
  readonly pipeline: Pipeline;
  readonly emit: WaterfallListener;
  /** Of all handlers that run in this process, whatever their stage. */
  readonly admission: Admission;
}
