import { digestOf, headersOf, payloadOf } from './processes/contents.mjs';

/**
 * What became of every (event, consumer).
 *
 * @param wanted consumers by name, with the event types that each reads
 * @param events all events of the run
 * @param runs every run of a handler, from the files that the handlers synced
 * @param stored what the events stream holds, with sequence and message id
 * @param dead the dead letters: {consumer, id, reason}
 */
export function account({ wanted, events, runs, stored, dead }) {
  const succeeded = countBy(
    runs.filter(({ outcome }) => outcome === 'ok'),
    pairOf,
  );
  const reasons = new Map(dead.map((letter) => [`${letter.id} ${letter.consumer}`, letter.reason]));
  const totals = {
    pairs: 0,
    processed: 0,
    dead: 0,
    evicted: 0,
    both: 0,
    lost: 0,
    twice: 0,
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
      else lost.push({ ...event, consumer, runs: runs.filter((run) => pairOf(run) === pair).length });
      if (times === 0 && reason !== undefined && reason !== 'missing' && isSound(event))
        totals.deadThoughSound++;
    }
  }
  totals.lost = lost.length;
  const wrong = wrongRuns(runs, wanted, events, stored);
  const altered = alteredRuns(runs, events);
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
function alteredRuns(runs, events) {
  const published = new Map(events.map((one) => [one.id, digestOf(payloadOf(one), headersOf(one))]));
  return runs.filter(({ msgId, digest }) => digest !== published.get(msgId));
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
