// Moves applicants to the waiting list who have not completed their questionnaire within 30 days.
import { Snooze } from 'plutomi-events';
import { pipeline } from './publish.mjs';

const day = 86_400_000;
const rule = {
  name: 'questionnaire-not-completed',
  stage: 'Questionnaire',
  afterMs: Number(process.env.RULE_AFTER_MS ?? 30 * day),
  to: 'Waiting List',
};

export default async function rules(event) {
  const { tenant, applicant, stage } = event.data;
  if (stage !== rule.stage) return;
  const leftMs = event.time.getTime() + rule.afterMs - Date.now();
  // The event itself waits for its time, on the server: no timer, no table of jobs, and restarts don't matter.
  if (leftMs > 0) throw new Snooze(leftMs);
  if (!(await isStillThere(event))) return;
  // One id for each attempt: an event that is published again within the duplicate window is stored once.
  const id = `${rule.name}/${event.seq}`;
  const data = { tenant, applicant, rule: rule.name, to: rule.to };
  await (await pipeline()).publish('rule.matured', data, { id });
}

/** The applicant has entered no other stage since. */
async function isStillThere({ subject, seq }) {
  const latest = (await pipeline()).events({ subjects: [subject], lastPerSubject: true, follow: false });
  for await (const { seq: last } of latest) return last === seq;
  return false;
}
