import type { StoredMessage } from '../wire/message.js';
import { versionAtLeast } from '../server-version.js';
import type { StreamReader } from './stream-reader.js';

/** Sequences that one question reads. */
interface Run {
  readonly first: number;
  last: number;
  wanted: number;
}

/** Wanted sequences that are no further apart are read by one question, and what lies between them too. */
const widestStep = 4;
/** Of fewer each is a question of its own. */
const shortestRun = 4;
const maxBytes = 4_194_304;
/** With each answer the server counts what comes after it; where messages were deleted, it walks all subjects for that. */
const mostSubjects = 1000;

/**
 * Gives `take` the messages at these sequences, of those that are there, from any replica; what stands near each
 * other is read by one question (nats-server 2.11 or newer). It is unknown why one is missing: it is not there, the
 * replica lags behind, or the server has no direct reads of this stream for this user. `answers`: as `answersRuns`,
 * which is the default; it decides how many questions there are, and nothing else.
 */
export async function readEach(
  link: StreamReader,
  stream: string,
  seqs: readonly number[],
  take: (message: StoredMessage) => void,
  answers: () => Promise<boolean> = () => answersRuns(link, stream),
): Promise<void> {
  const wanted = new Set(seqs);
  const takeWanted = (message: StoredMessage): void => {
    if (wanted.delete(message.seq)) take(message);
  };
  const runs = runsOf(wanted);
  if (runs.length > 0 && (await answers().catch(() => false))) {
    await Promise.all(runs.map((run) => readRun(link, stream, run, takeWanted).catch(() => {})));
  }
  await Promise.all(
    [...wanted].map(async (seq) => {
      const message = await link.readDirect(stream, seq).catch(() => undefined);
      if (message) takeWanted(message);
    }),
  );
}

/** The server reads several messages for one question, and faster than for one each. */
export async function answersRuns(link: StreamReader, stream: string): Promise<boolean> {
  if (!versionAtLeast(link.serverVersion, '2.11.0')) return false;
  const info = await link.streamInfo(stream);
  if (!info) return false;
  // The server leaves out what is 0.
  const { num_deleted: deleted, num_subjects: subjects }: Partial<typeof info.state> = info.state;
  return (deleted ?? 0) === 0 || (subjects ?? 0) <= mostSubjects;
}

function runsOf(wanted: ReadonlySet<number>): Run[] {
  const runs: Run[] = [];
  let run: Run | undefined;
  for (const seq of [...wanted].toSorted((a, b) => a - b)) {
    if (run === undefined || seq > run.last + widestStep)
      runs.push((run = { first: seq, last: seq, wanted: 0 }));
    run.last = seq;
    run.wanted++;
  }
  return runs.filter(({ wanted }) => wanted >= shortestRun);
}

async function readRun(
  link: StreamReader,
  stream: string,
  { first, last }: Run,
  take: (message: StoredMessage) => void,
): Promise<void> {
  for (let next = first; next <= last; ) {
    let end = 0;
    await link.readDirectFrom(stream, next, last - next + 1, maxBytes, (message) => {
      end = message.seq;
      take(message);
    });
    // A replica that lags behind, or nothing is there any more.
    if (end < next) return;
    next = end + 1;
  }
}
