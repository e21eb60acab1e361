// Sends the one-time code of a login by e-mail. Amazon SES is an SMTP server too:
// SMTP_URL=smtps://<user>:<password>@email-smtp.eu-west-1.amazonaws.com
import { createHash } from 'node:crypto';
import nodemailer from 'nodemailer';
import { Reject } from 'plutomi-events';

const mailer = nodemailer.createTransport({
  url: process.env.SMTP_URL ?? 'smtp://127.0.0.1:1025',
  pool: true,
  maxConnections: 10,
});
const from = process.env.MAIL_FROM ?? 'Plutomi <login@plutomi.example>';

export default async function notifications(event, ctx) {
  const { email, code } = event.data;
  try {
    await mailer.sendMail({
      from,
      to: email,
      subject: `${code} is your login code`,
      text: `Your code is ${code}. It was asked for at ${event.time.toISOString()}.\n`,
      messageId: messageId(ctx.idempotencyKey),
      headers: { 'X-Event-Id': event.id ?? ctx.idempotencyKey },
    });
  } catch (error) {
    // A mailbox that is permanently refused stays refused: no retry can change that.
    if (error.code === 'EENVELOPE' && error.responseCode >= 500) throw new Reject(error.message);
    throw error;
  }
}

/** The same for every attempt, so that mail servers and readers drop a second copy. */
function messageId(idempotencyKey) {
  const digest = createHash('sha256').update(idempotencyKey).digest('hex').slice(0, 32);
  return `<${digest}@plutomi.example>`;
}
