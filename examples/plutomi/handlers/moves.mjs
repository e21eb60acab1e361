// Moves the applicant whom a rule is about.
import { pipeline } from './publish.mjs';

export default async function moves(event) {
  const { tenant, applicant, to } = event.data;
  const id = `move/${event.seq}`;
  await (await pipeline()).publish('stage.entered', { tenant, applicant, stage: to }, { id });
}
