import { copyOf, type StoredMessage } from '../wire/message.js';
import { answersRuns, readEach } from './read-each.js';
import type { StreamReader } from './stream-reader.js';

type Resolve = (message: StoredMessage | undefined) => void;

/** What a stream answers fastest changes with what is deleted in it: not from one turn to the next. */
const knownMs = 1000;

/**
 * Messages of one stream by their sequences, from any replica: what is asked for in one turn of the event loop is
 * read together. Undefined: as for `readEach`, for an unknown reason.
 */
export class ReadTogether {
  private waiting = new Map<number, Resolve[]>();
  private answers: Promise<boolean> | undefined;
  private knownUntil = 0;

  constructor(
    private readonly link: StreamReader,
    private readonly stream: string,
  ) {}

  read(seq: number): Promise<StoredMessage | undefined> {
    return new Promise((resolve) => {
      if (this.waiting.size === 0) setImmediate(() => this.readAll());
      const others = this.waiting.get(seq);
      if (others) others.push(resolve);
      else this.waiting.set(seq, [resolve]);
    });
  }

  private readAll(): void {
    const asked = this.waiting;
    this.waiting = new Map();
    const take = (message: StoredMessage | undefined, seq: number): void => {
      const [first, ...others] = asked.get(seq) ?? [];
      // Copied before it is handed out: each reader may change its copy.
      for (const resolve of others) resolve(message && copyOf(message));
      first?.(message);
      asked.delete(seq);
    };
    const answers = (): Promise<boolean> => this.answersRuns();
    void readEach(
      this.link,
      this.stream,
      [...asked.keys()],
      (message) => take(message, message.seq),
      answers,
    ).finally(() => {
      for (const seq of asked.keys()) take(undefined, seq);
    });
  }

  private answersRuns(): Promise<boolean> {
    const now = this.link.clock.monotonic();
    if (this.answers === undefined || now >= this.knownUntil) {
      this.answers = answersRuns(this.link, this.stream);
      this.knownUntil = now + knownMs;
    }
    return this.answers;
  }
}
