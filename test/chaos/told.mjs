import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { insistently } from './admin.mjs';
import { shuffled } from './random.mjs';

const explained = 50;
const verifyTries = 10;

/** What `events explain` may say of an event that a handler has processed, and of a dead one. */
const statesOf = {
  processed: ['acknowledged', 'resolved', 'unknown'],
  dead: ['dead'],
  both: ['dead', 'resolved-late'],
  archived: ['archived'],
  discarded: ['discarded'],
};

/** What the pipeline says about itself in the end, where that is not what happened. */
export async function untruths(bed, { bin, events, runs, stored, dead, putAway = [], tolerated = [] }) {
  const problems = await verifyProblems(bed.project, tolerated);
  return [...problems, ...(await explainProblems(bed, { bin, events, runs, stored, dead, putAway }))];
}

/** The problems that `pipeline verify` names. A node that has just come back may be behind for a moment. */
export async function verifyProblems(project, tolerated = []) {
  let said = '';
  for (let left = verifyTries; left > 0; left--) {
    const { stdout, stderr } = await project.cli(['pipeline', 'verify', '--json']);
    const { problems } = JSON.parse(stdout || '{}');
    said = problems === undefined ? `no result: ${stdout}${stderr}` : '';
    if (problems) {
      const real = problems.filter(({ kind }) => !tolerated.includes(kind));
      if (!real.some(({ kind }) => kind === 'replica-down'))
        return real.map(
          ({ kind, id, consumer, detail }) => `verify: ${kind} ${id ?? consumer ?? ''}: ${detail}`,
        );
      said = real.map(({ detail }) => detail).join('; ');
    }
    await sleep(2000);
  }
  return [`verify: ${said}`];
}

/** `events explain` of random events that are still stored, against the ledger and the dead letters. */
async function explainProblems(
  { admin, project, random, wanted },
  { bin, events, runs, stored, dead, putAway },
) {
  const library = await import(pathToFileURL(join(dirname(bin), '..', 'dist', 'lib', 'index.js')).href);
  const config = await library.loadConfig({
    cwd: project.folder,
    cacheHome: join(project.folder, '.cache'),
    library: () => Promise.resolve(library),
  });
  const servers = admin.urls;
  const link = await library.connect({ servers, name: 'chaos explain', timeoutMs: 10_000, from: 'chaos' });
  const pipeline = library.makePipeline({ config, link });
  const agedOut = async (seq) => {
    const { state } = await insistently(() => admin.jsm.streams.info(config.streams.events.name));
    return seq < state.first_seq;
  };
  const explain = (seq) =>
    library.explainEvent(pipeline, String(seq)).catch(async (error) => {
      // It may have aged out since it was read.
      if (error.code !== 'NOT_FOUND' || !(await agedOut(seq))) throw error;
    });
  const types = new Map(events.map(({ id, type }) => [id, type]));
  const pair = (id, consumer) => `${id} ${consumer}`;
  const processed = new Set(
    runs
      .filter(({ outcome }) => outcome === 'ok')
      .map(({ payloadId, consumer }) => pair(payloadId, consumer)),
  );
  const away = new Map(putAway.map((one) => [pair(one.id, one.consumer), one.as]));
  const letters = new Set(dead.map(({ id, consumer }) => pair(id, consumer)));
  const problems = [];
  try {
    for (const { seq, id } of shuffled(random, stored).slice(0, explained)) {
      const told = await explain(seq);
      if (told === undefined) continue;
      for (const [consumer, reads] of Object.entries(wanted)) {
        if (!reads.includes(types.get(id))) continue;
        const [ok, died] = [processed, letters].map((all) => all.has(pair(id, consumer)));
        const put = ok ? undefined : away.get(pair(id, consumer));
        const fate = put ?? (ok && died ? 'both' : died ? 'dead' : 'processed');
        const state = told.consumers.find((one) => one.consumer === consumer)?.state;
        if (!statesOf[fate].includes(state))
          problems.push(`explain ${id} (${seq}): ${state ?? 'nothing'} of ${consumer}, and it is ${fate}`);
      }
    }
  } finally {
    await link.close();
  }
  return problems;
}
