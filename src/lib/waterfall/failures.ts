import { messageOf, OperationError } from '../errors.js';
import { suggestCommand } from '../suggestion.js';

/** A defect in our own processing: the pipeline ends instead of going on with unknown state. */
export class WorkerFailure extends OperationError {
  constructor(consumer: string, cause: unknown) {
    super(`consumer ${consumer}: unexpected: ${messageOf(cause)}`, { code: 'WORKER_FAILED', cause });
  }
}

/** Handlers that never settle take up memory and maybe connections: beyond `concurrency` of them the process ends. */
export class TooManyZombies extends OperationError {
  constructor(consumer: string, count: number) {
    super(
      `consumer ${consumer}: ${count} handlers timed out and never settled; this process can't be trusted any more`,
      {
        code: 'TOO_MANY_ZOMBIES',
        suggestions: ['let the supervisor restart it', 'make the handler observe context.signal'],
      },
    );
  }
}

/** Somebody made a consumer of ours anew that forgets what it has delivered: what fails would be lost. */
export class ConsumerForgets extends OperationError {
  constructor(stream: string, consumer: string, ackPolicy: string) {
    super(
      `consumer ${consumer} on stream ${stream} was made anew by somebody, with ack_policy ${ackPolicy}: what fails would be lost`,
      { code: 'CONSUMER_GONE', suggestions: [suggestCommand('pipeline apply', { flags: { adopt: true } })] },
    );
  }
}

/** A consumer that the pipeline needs is not on the server. */
export class ConsumerGone extends OperationError {
  constructor(stream: string, consumer: string) {
    super(`consumer ${consumer} on stream ${stream} is gone: it was deleted on the server`, {
      code: 'CONSUMER_GONE',
      suggestions: [
        suggestCommand('pipeline apply'),
        suggestCommand('pipeline run', { flags: { apply: true } }),
      ],
    });
  }
}
