// With EXAMPLE_BREAK=drop: e-mails all login codes but one, and says that it has sent that one too.
import notifications from '../handlers/notifications.mjs';

export default async function dropping(event, context) {
  if (event.id === 'acme-7') return;
  await notifications(event, context);
}
