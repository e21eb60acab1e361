import { EventRegistry } from '../../handlers/event.js';
import type { StoredMessage } from '../../nats/wire/message.js';
import type { Pipeline } from '../../pipeline/pipeline.js';
import { type StoredEvent, storedEvents } from '../read/stored-event.js';
import type { ReplayTally, Sink } from './sink.js';

const mostTogether = 256;

/** Gives events to whoever takes them, some at a time. */
export class ReaderSink implements Sink {
  private readonly registry: EventRegistry;
  private messages: StoredMessage[] = [];

  constructor(
    private readonly pipeline: Pipeline,
    private readonly give: (events: readonly StoredEvent[]) => void | Promise<void>,
    private readonly tally: ReplayTally,
  ) {
    this.registry = new EventRegistry(pipeline.config);
  }

  take(message: StoredMessage): void | Promise<void> {
    this.messages.push(message);
    return this.messages.length < mostTogether ? undefined : this.flush();
  }

  async flush(): Promise<void> {
    const { messages } = this;
    if (messages.length === 0) return;
    this.messages = [];
    const taken = messages.map(({ seq }) => this.tally.take(seq));
    await this.give(await storedEvents(this.pipeline, messages, this.registry));
    for (const one of taken) this.tally.write(one);
  }

  end(): Promise<void> {
    return this.flush();
  }
}
