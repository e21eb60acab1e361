import type { ConsumerSettings } from '../../config/resolved.js';
import type { PlutomiError } from '../../errors.js';
import type { Baggable } from '../../flow/bag.js';
import type { Handler } from '../../handlers/contract.js';
import type { EventRegistry } from '../../handlers/event.js';
import type { Invocation } from '../../handlers/invoke.js';
import type { Logger } from '../../observe/log.js';
import { keyFields } from '../../observe/log-lines.js';
import type { Case, StageTools, Task } from './case.js';

export interface BusinessParts {
  readonly consumer: ConsumerSettings;
  readonly handler: Handler;
  readonly registry: EventRegistry;
  readonly tools: StageTools;
  readonly log: Logger;
  readonly fail: (error: PlutomiError) => void;
}

/** A handler that runs, and what it may ask about its attempt, made when it asks. */
export class AttemptFacts implements Baggable {
  place = 0;
  invocation: Invocation | undefined;

  constructor(
    readonly consumer: string,
    readonly current: Case,
    readonly attempt: number,
    private readonly logger: Logger,
  ) {}

  private get task(): Task {
    return this.current.task;
  }

  get stage(): 'main' | 'retry' {
    return this.task.key.stage as 'main' | 'retry';
  }
  get cycle(): number {
    return this.task.key.cycle;
  }
  get idempotencyKey(): string {
    const { stream, seq, time } = this.task.key.origin;
    return `${this.consumer}/${stream}/${seq}/${time}`;
  }
  log(): Logger {
    return this.logger.child(keyFields(this.task.key, this.attempt));
  }
}
