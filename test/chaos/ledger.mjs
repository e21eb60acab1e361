import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { linesOf } from './publishers.mjs';

/** Every run of a handler, in order of time, from what the worker processes wrote. */
export function readLedger(folder) {
  return readdirSync(folder)
    .flatMap((name) => linesOf(join(folder, name)))
    .map((line) => {
      const [at, payloadId, msgId, seq, keySeq, consumer, stage, attempt, cycle, outcome, digest] =
        line.split(' ');
      return {
        at: Number(at),
        payloadId,
        msgId,
        seq: Number(seq),
        keySeq: Number(keySeq),
        consumer,
        stage,
        attempt: Number(attempt),
        cycle: Number(cycle),
        outcome,
        digest,
      };
    })
    .toSorted((a, b) => a.at - b.at);
}
