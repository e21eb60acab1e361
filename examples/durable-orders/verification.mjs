// The verification service: an ephemeral consumer, which sees what is published while it runs; two users at a time.
import { setTimeout as delay } from 'node:timers/promises';
import { sendMail } from './mail.mjs';
import { note } from './files.mjs';

export async function startVerification(pipeline, takesMs) {
  let atOnce = 0;
  return await pipeline.subscribe({
    subjects: ['user.registered'],
    concurrency: 2,
    handler: async ({ id, data: { user, email, verified } }) => {
      atOnce++;
      await delay(takesMs);
      if (!verified) await sendMail(email, `Welcome, ${user}: please confirm your address`);
      console.log(`checked    ${user}: ${verified ? 'verified' : `e-mail to ${email}`}`);
      note('verification', { id, verified, atOnce });
      atOnce--;
    },
  });
}
