import { msgIdHeader } from '../../nats/wire/message.js';
import type { Link } from '../../nats/link.js';
import { readPages } from '../../nats/read/read-stream.js';
import { OperationError } from '../../errors.js';

/** Follows a subject from now on, over a connection of its own, and names the ids of what arrives. */
export class Arrivals {
  private readonly end = new AbortController();
  private failure: unknown;
  private reading: Promise<void> = Promise.resolve();

  constructor(
    private readonly link: Link,
    private readonly stream: string,
    private readonly onArrival: (id: string) => void,
  ) {}

  /** Resolves when the server has begun to deliver: what is published then will arrive. */
  async start(subject: string): Promise<void> {
    const info = await this.link.streamInfo(this.stream);
    const { signal } = this.end;
    await new Promise<void>((begun, failed) => {
      const pages = readPages(this.link, {
        stream: this.stream,
        filters: [subject],
        from: { seq: (info?.state.last_seq ?? 0) + 1 },
        headersOnly: true,
        follow: true,
        signal,
        onBegun: begun,
      });
      this.reading = this.read(pages).catch((error: unknown) => {
        this.failure = error;
        failed(error);
      });
    });
  }

  private async read(pages: ReturnType<typeof readPages>): Promise<void> {
    for await (const { messages } of pages) {
      for (const { headers } of messages) this.onArrival(headers[msgIdHeader]?.[0] ?? '');
    }
    if (!this.end.signal.aborted) throw new OperationError('reading what was published has ended');
  }

  /** Throws what ended the reading, if that was not this. */
  async stop(): Promise<void> {
    this.end.abort();
    await this.reading;
    if (this.failure !== undefined) throw this.failure;
  }
}
