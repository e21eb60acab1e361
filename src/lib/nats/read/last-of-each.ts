import type { StoredMessage } from '../wire/message.js';
import type { StreamReader } from './stream-reader.js';

/** Subjects to their last messages; a subject without any is not in it. */
export type LastMessages = ReadonlyMap<string, StoredMessage>;

interface Job {
  readonly subjects: readonly string[];
  readonly resolve: (found: LastMessages) => void;
  readonly reject: (error: unknown) => void;
}

/** The server gives at most 1,024 messages to one question, of which one is ours. */
export const mostSubjects = 1000;
/** A subject of ours is shorter: a server with a small max_payload is asked for fewer at once. */
const longestSubject = 320;
const fullQuestionsAtOnce = 4;
/** A server that refused this kind of question is asked again after so long. */
const refusalMs = 60_000;

/**
 * The last messages of many subjects of one stream, as its leader knows them, by as few questions as it takes:
 * what is asked for while others are on their way goes together into the next one.
 *
 * The server answers such a question from any replica, and one that lags behind would leave out what its leader
 * has. So the leader is asked at the same time how far it is, by its last message; the question includes that
 * message's subject, so that the answer always says how far the answering replica is. Where that is not as far even
 * when it is asked again, or where the server has no such question (before 2.11, or no direct reads), the leader is
 * asked for each subject.
 */
export class LastOfEach {
  private readonly queue: Job[] = [];
  private running = 0;
  private scheduled = false;
  private refusedUntil = 0;
  /** Subject of the stream's last message when it was last seen: surely there, or removed by a limit since. */
  private landmark: string | undefined;

  constructor(
    private readonly link: StreamReader,
    private readonly stream: string,
    /** The server has such questions. */
    supported: boolean,
  ) {
    if (!supported) this.refusedUntil = Number.POSITIVE_INFINITY;
  }

  private get maxSubjects(): number {
    return Math.max(1, Math.min(mostSubjects, Math.floor(this.link.maxPayload / longestSubject)));
  }

  read(subjects: readonly string[]): Promise<LastMessages> {
    return subjects.length <= this.maxSubjects ? this.readSome(subjects) : this.readMany(subjects);
  }

  private async readMany(subjects: readonly string[]): Promise<LastMessages> {
    const { maxSubjects } = this;
    const parts = Array.from({ length: Math.ceil(subjects.length / maxSubjects) }, (_, i) =>
      this.readSome(subjects.slice(i * maxSubjects, (i + 1) * maxSubjects)),
    );
    return new Map((await Promise.all(parts)).flatMap((found) => [...found]));
  }

  private readSome(subjects: readonly string[]): Promise<LastMessages> {
    if (this.link.clock.monotonic() < this.refusedUntil) return this.oneByOne(subjects);
    return new Promise((resolve, reject) => {
      this.queue.push({ subjects, resolve, reject });
      if (this.scheduled) return;
      this.scheduled = true;
      // After all that arrived together has been looked at.
      setImmediate(() => {
        this.scheduled = false;
        this.start();
      });
    });
  }

  private start(): void {
    const { maxSubjects } = this;
    while (this.mayAsk()) {
      const jobs: Job[] = [];
      let subjects = 0;
      do {
        const job = this.queue.shift() as Job;
        jobs.push(job);
        subjects += job.subjects.length;
      } while (this.queue[0] && subjects + this.queue[0].subjects.length <= maxSubjects);
      this.running++;
      void this.run(jobs).finally(() => {
        this.running--;
        this.start();
      });
    }
  }

  /** A question that is not full waits for the one on its way, and takes along what is asked for meanwhile. */
  private mayAsk(): boolean {
    if (this.queue.length === 0 || this.running === 0) return this.queue.length > 0;
    return this.running < fullQuestionsAtOnce && this.queuedSubjects() >= this.maxSubjects;
  }

  private queuedSubjects(): number {
    let count = 0;
    for (const { subjects } of this.queue) count += subjects.length;
    return count;
  }

  private async run(jobs: readonly Job[]): Promise<void> {
    try {
      const subjects = jobs.flatMap((job) => job.subjects);
      const found = await this.answer(subjects);
      for (const job of jobs) job.resolve(found);
    } catch (error) {
      for (const job of jobs) job.reject(error);
    }
  }

  private async answer(subjects: readonly string[]): Promise<LastMessages> {
    if (this.link.clock.monotonic() < this.refusedUntil) return this.oneByOne(subjects);
    const known = this.landmark;
    // Both at once where the landmark is known: that is the rule.
    const last = this.link.readLast(this.stream, '>');
    const early = known === undefined ? undefined : this.ask(known, subjects);
    early?.catch(() => {});
    const leader = await last;
    this.landmark = leader?.subject;
    if (!leader) return (await this.isEmpty()) ? new Map() : this.oneByOne(subjects);
    const answer = await (early ?? this.ask(leader.subject, subjects));
    if (answer && answer.upToSeq >= leader.seq) return answer.found;
    // In a busy stream the leader may have been asked after the answer was made: one that is asked for now is newer.
    const again = early && answer && (await this.ask(leader.subject, subjects));
    if (again && again.upToSeq >= leader.seq) return again.found;
    return this.oneByOne(subjects);
  }

  /** Nothing stands at the stream's last sequence: it is empty, as its leader says, or that message was deleted. */
  private async isEmpty(): Promise<boolean> {
    const info = await this.link.streamInfo(this.stream).catch(() => undefined);
    return info?.state.messages === 0;
  }

  private async ask(
    landmark: string,
    subjects: readonly string[],
  ): Promise<{ readonly found: LastMessages; readonly upToSeq: number } | undefined> {
    const found = new Map<string, StoredMessage>();
    const asked = subjects.includes(landmark) ? subjects : [...subjects, landmark];
    try {
      const end = await this.link.readLastDirect(this.stream, asked, (message) =>
        found.set(message.subject, message),
      );
      return end.status === 204 ? { found, upToSeq: end.upToSeq } : undefined;
    } catch {
      // No direct reads, or not for this user: the leader will say what is wrong, if it is more than that.
      this.refusedUntil = this.link.clock.monotonic() + refusalMs;
      return undefined;
    }
  }

  private async oneByOne(subjects: readonly string[]): Promise<LastMessages> {
    const found = new Map<string, StoredMessage>();
    const unique = [...new Set(subjects)];
    const messages = await Promise.all(unique.map((subject) => this.link.readLast(this.stream, subject)));
    for (const message of messages) if (message) found.set(message.subject, message);
    return found;
  }
}
