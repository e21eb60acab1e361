import { setTimeout as sleep } from 'node:timers/promises';
import {
  decodeTask,
  endedStates,
  type Task,
  type TaskCounters,
  type TaskState,
  type TaskStep,
  type TaskStopped,
} from '../domain/task.js';
import { OperationError, PlutomiError } from '../errors.js';
import { updateDocument } from '../operations/documents.js';
import type { Pipeline } from '../pipeline/pipeline.js';
import type { Progress } from './progress.js';
import { taskSubject } from './store-task.js';

/** How far it is. */
export interface TaskFacts {
  readonly counters: TaskCounters;
  readonly steps: readonly TaskStep[];
}

const beatMs = 1000;

/** A task that was ended meanwhile can't be carried out. */
export function taskEnded({ id, name, state }: Task): OperationError {
  const called = name === id ? id : `${name} (${id})`;
  return new OperationError(`task ${called} is ${state}: nothing of it is carried out any more`, {
    code: 'TASK_ENDED',
    suggestions: ['plan another one for what is in the DLQ now'],
  });
}

/**
 * Carries a task's head and progress along while this process works on it: a sign of life each second, which also finds
 * out that somebody else has stopped or cancelled it. When the server is away the work goes on: the journal decides.
 */
export class TaskKeeper {
  private readonly ending = new AbortController();
  private readonly closing = new AbortController();
  private readonly looping: Promise<void>;
  private failure: unknown;
  /** As somebody else has ended it; undefined: nobody has. */
  endedAs: Task | undefined;

  private constructor(
    private readonly pipeline: Pipeline,
    /** As it was when this process began. */
    readonly task: Task,
    private readonly progress: Progress,
    private readonly facts: () => TaskFacts,
  ) {
    this.looping = this.loop();
  }

  /** @throws OperationError `TASK_ENDED` */
  static async begin(
    pipeline: Pipeline,
    { id }: Task,
    progress: Progress,
    facts: () => TaskFacts,
  ): Promise<TaskKeeper> {
    const stored = await updateDocument(pipeline, taskSubject(pipeline, id), decodeTask, (task) => {
      if (!task || endedStates.includes(task.state)) return undefined;
      const judgedFrom = task.state === 'stopped' ? progress.through : task.judgedFrom;
      return { ...task, ...running(pipeline), stopped: null, judgedFrom };
    });
    if (!stored) throw new OperationError(`no task ${id}`, { code: 'NO_TASK' });
    if (endedStates.includes(stored.value.state)) throw taskEnded(stored.value);
    return new TaskKeeper(pipeline, stored.value, progress, facts);
  }

  /** Somebody else has stopped or cancelled it: nothing more is to be started. */
  get ended(): AbortSignal {
    return this.ending.signal;
  }

  private async loop(): Promise<void> {
    const { signal } = this.closing;
    while (!signal.aborted) {
      await sleep(beatMs, undefined, { signal }).catch(() => {});
      if (signal.aborted) return;
      try {
        await this.beat();
      } catch (error) {
        if (error instanceof PlutomiError) continue;
        this.failure = error;
        this.ending.abort();
        return;
      }
    }
  }

  private async beat(): Promise<void> {
    await this.progress.flush();
    await this.write((task) =>
      task.state === 'stopped' || endedStates.includes(task.state) ? undefined : running(this.pipeline),
    );
  }

  /** Undefined: what somebody else made of it stays; only the counters are written. */
  private async write(change: (task: Task) => Partial<Task> | undefined): Promise<Task | undefined> {
    const stored = await updateDocument(
      this.pipeline,
      taskSubject(this.pipeline, this.task.id),
      decodeTask,
      (task) => {
        if (!task) return undefined;
        const changed = change(task);
        this.endedAs = changed === undefined ? task : undefined;
        const { counters, steps } = this.facts();
        return { ...task, ...changed, steps, counters: further(task.counters, counters) };
      },
    );
    if (this.endedAs && this.endedAs.state !== 'done') this.ending.abort();
    return stored?.value;
  }

  /**
   * The last word of this process; one of somebody else stays. What could not be written is found out by whoever looks:
   * it seems interrupted then.
   */
  async end(state: TaskState, stopped: TaskStopped | null): Promise<void> {
    this.closing.abort();
    await this.looping;
    if (this.failure !== undefined) throw this.failure;
    try {
      await this.progress.flush();
      await this.write((task) =>
        task.state === 'stopped' || endedStates.includes(task.state) ? undefined : { state, stopped },
      );
    } catch (error) {
      if (!(error instanceof PlutomiError)) throw error;
    }
  }
}

function running({ identity }: Pipeline): Pick<Task, 'state' | 'worker'> {
  return { state: 'running', worker: identity.worker };
}

/** Each machine counts from the first letter on, so the one that is further knows more. */
function further(a: TaskCounters, b: TaskCounters): TaskCounters {
  return {
    done: Math.max(a.done, b.done),
    skipped: Math.max(a.skipped, b.skipped),
    resolved: Math.max(a.resolved, b.resolved),
    deadAgain: Math.max(a.deadAgain, b.deadAgain),
  };
}
