import { setTimeout as sleep } from 'node:timers/promises';
import { shuffled } from '../random.mjs';

/** Every two seconds each stream and each consumer gets another leader. */
export const stepdown = {
  name: 'stepdown',
  on: ['cluster'],
  baseline: true,
  async faults(bed) {
    const { admin, random, endsAt, fault, streams } = bed;
    while (Date.now() < endsAt) {
      const subjects = await leaderSubjects(admin, streams);
      const answers = await Promise.all(
        shuffled(random, subjects).map((subject) =>
          admin.nc.request(subject, '', { timeout: 2000 }).then(
            (answer) => answer.json().success === true,
            () => false,
          ),
        ),
      );
      fault(`${answers.filter(Boolean).length} of ${answers.length} leaders stepped down`);
      await sleep(2000);
    }
  },
};

async function leaderSubjects({ jsm }, streams) {
  const subjects = [];
  for (const stream of streams) {
    subjects.push(`$JS.API.STREAM.LEADER.STEPDOWN.${stream}`);
    try {
      for await (const { name } of jsm.consumers.list(stream)) {
        subjects.push(`$JS.API.CONSUMER.LEADER.STEPDOWN.${stream}.${name}`);
      }
    } catch {
      // Between two leaders nobody lists them; the next turn does.
    }
  }
  return subjects;
}
