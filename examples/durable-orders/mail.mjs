// Sends over SMTP where SMTP_URL is set (npm install nodemailer), and else keeps what it would send in mails.ndjson.
import { note } from './files.mjs';

const { SMTP_URL: url, MAIL_FROM: from = 'Durable orders <hello@orders.example>' } = process.env;
const transport = url ? (await import('nodemailer')).default.createTransport(url) : undefined;

export async function sendMail(to, subject) {
  if (transport) await transport.sendMail({ from, to, subject, text: `${subject}.\n` });
  else note('mails', { to, subject });
}
