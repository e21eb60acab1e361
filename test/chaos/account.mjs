import { digestOf, headersOf, payloadOf } from './processes/contents.mjs';

/**
 * What became of every (event, consumer).
 *
 * @param wanted consumers by name, with the event types that each reads
 * @param events all events of the run
 * @param runs every run of a handler, from the files that the handlers synced
 * @param stored what the events stream holds, with sequence and message id
 * @param dead the dead letters: {consumer, id, reason}
 * @param putAway what people ended or took out of sight: {consumer, id, as: 'archived' | 'discarded'}
 * @param edited what the handlers of a mended event are given: {consumer, id, digest}
 */
export function account({ wanted, events, runs, stored, dead, putAway = [], edited = [] }) {
  const succeeded = countBy(
    runs.filter(({ outcome }) => outcome === 'ok'),
    pairOf,
  );
  const reasons = new Map(dead.map((letter) => [`${letter.id} ${letter.consumer}`, letter.reason]));
  const away = new Map(putAway.map((one) => [`${one.id} ${one.consumer}`, one.as]));
  const totals = {
    pairs: 0,
    processed: 0,
    dead: 0,
    archived: 0,
    discarded: 0,
    evicted: 0,
    both: 0,
    lost: 0,
    twice: 0,
    replayedTwice: 0,
    deadThoughSound: 0,
  };
  const lost = [];
  for (const [consumer, types] of Object.entries(wanted)) {
    for (const event of events) {
      if (!types.includes(event.type)) continue;
      const pair = `${event.id} ${consumer}`;
      const times = succeeded.get(pair) ?? 0;
      const reason = reasons.get(pair);
      totals.pairs++;
      if (times > 1) totals.twice++;
      if (times > 0 && reason !== undefined) totals.both++;
      if (times > 0) totals.processed++;
      else if (reason === 'missing') totals.evicted++;
      else if (reason !== undefined) totals.dead++;
      else if (away.has(pair)) totals[away.get(pair)]++;
      else lost.push({ ...event, consumer, runs: runs.filter((run) => pairOf(run) === pair).length });
      if (times === 0 && reason !== undefined && reason !== 'missing' && isSound(event))
        totals.deadThoughSound++;
    }
  }
  totals.lost = lost.length;
  totals.replayedTwice = countReplayedTwice(runs);
  const wrong = wrongRuns(runs, wanted, events, stored);
  const altered = alteredRuns(runs, events, edited);
  return {
    ...totals,
    wrong: wrong.length,
    altered: altered.length,
    runs: runs.length,
    lostPairs: lost.slice(0, 50),
    wrongRuns: wrong.slice(0, 50),
    alteredRuns: altered.slice(0, 50),
  };
}

/** Its handler never fails for good: a dead letter of it comes from processes that died with it in their hands. */
function isSound({ fate }) {
  return fate === 'ok' || fate === 'first';
}

function pairOf({ payloadId, consumer }) {
  return `${payloadId} ${consumer}`;
}

/** Runs whose payload, message id, sequence, key and consumer are not all about one and the same event. */
function wrongRuns(runs, wanted, events, stored) {
  const idAt = new Map(stored.map(({ seq, id }) => [seq, id]));
  const typeOf = new Map(events.map(({ id, type }) => [id, type]));
  return runs.filter(({ payloadId, msgId, seq, keySeq, consumer }) => {
    if (payloadId !== msgId || seq !== keySeq) return true;
    if (idAt.has(seq) && idAt.get(seq) !== payloadId) return true;
    return !wanted[consumer]?.includes(typeOf.get(payloadId));
  });
}

/** Runs whose bytes or headers were not those that were published. */
function alteredRuns(runs, events, edited) {
  const published = new Map(events.map((one) => [one.id, digestOf(payloadOf(one), headersOf(one))]));
  const mended = new Map(edited.map(({ id, consumer, digest }) => [`${id} ${consumer}`, digest]));
  return runs.filter((run) => {
    const { msgId, digest, cycle } = run;
    return digest !== published.get(msgId) && !(cycle > 0 && digest === mended.get(pairOf(run)));
  });
}

/** Events that succeeded in two cycles of one consumer: one of the replays had nothing to do. */
function countReplayedTwice(runs) {
  const cycles = new Map();
  for (const run of runs) {
    if (run.outcome !== 'ok') continue;
    const pair = pairOf(run);
    cycles.set(pair, (cycles.get(pair) ?? new Set()).add(run.cycle));
  }
  return [...cycles.values()].filter(({ size }) => size > 1).length;
}

function countBy(items, keyOf) {
  const counts = new Map();
  for (const item of items) counts.set(keyOf(item), (counts.get(keyOf(item)) ?? 0) + 1);
  return counts;
}

/**
 * How the run went on after the faults: ms from the last fault to the first run of a handler, and from the last
 * fault or the last publish, whichever came later, to quiet; and the longest time without any run while events
 * were published.
 */
export function recovery({ runs, faults, stored, quietAt }) {
  const lastFault = Math.max(0, ...faults.map(({ at }) => at));
  const lastStored = Math.max(...stored.map(({ at }) => at));
  const next = runs.find(({ at }) => at > lastFault);
  const during = runs.filter(({ at }) => at <= lastStored).map(({ at }) => at);
  const gaps = during.slice(1).map((at, index) => at - during[index]);
  return {
    resumedMs: lastFault > 0 && next ? next.at - lastFault : undefined,
    quietMs: quietAt === undefined ? undefined : Math.max(0, quietAt - Math.max(lastFault, lastStored)),
    longestSilenceMs: gaps.reduce((most, gap) => Math.max(most, gap), 0),
  };
}
