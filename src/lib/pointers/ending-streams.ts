import type { Pointer } from '../domain/pointer.js';
import { endingOf, type EndingStream } from '../domain/rescue-due.js';
import type { Link } from '../nats/link.js';
import { lifeOf, ttlOf } from '../nats/stream-life.js';

/** The streams that pointers name, as they are in one look: each is asked once. */
export class EndingStreams {
  private readonly found = new Map<string, Promise<EndingStream | undefined>>();

  constructor(private readonly link: Link) {}

  /** Undefined: nothing of it has to be kept, because it never ends or is gone. */
  of(stream: string): Promise<EndingStream | undefined> {
    let ending = this.found.get(stream);
    if (!ending) this.found.set(stream, (ending = this.ask(stream)));
    return ending;
  }

  private async ask(stream: string): Promise<EndingStream | undefined> {
    const info = await this.link.streamInfo(stream);
    if (!info) return undefined;
    const { discard, max_msgs: maxMsgs, max_bytes: maxBytes } = info.config;
    const { messages, bytes, first_seq: firstSeq, last_seq: lastSeq } = info.state;
    const evicts = discard !== 'new';
    return endingOf({ life: lifeOf(info), evicts, maxMsgs, maxBytes, messages, bytes, firstSeq, lastSeq });
  }

  /** The lives that publishers gave these originals, by sequence: only they themselves tell of them. */
  async ttlsOf(stream: string, pointers: readonly Pointer[]): Promise<ReadonlyMap<number, string>> {
    const ttls = new Map<number, string>();
    const seqs = pointers.map(({ origin }) => origin.seq);
    await this.link.readEach(stream, seqs, (message) => {
      const ttl = ttlOf(message);
      if (ttl !== undefined) ttls.set(message.seq, ttl);
    });
    return ttls;
  }
}
