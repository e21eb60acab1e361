import type { Decoded } from '../../domain/decode.js';
import type { EditableEvent } from '../../domain/edit.js';
import { subjectMatches } from '../../domain/subjects.js';
import { isSealed, sealedHeaders, unsealedHeaders } from '../../encryption/sealed.js';
import type { StoredMessage } from '../../nats/wire/message.js';
import type { Pipeline } from '../../pipeline/pipeline.js';

/** An event to edit, and whether what is made of it must be encrypted. */
export interface Opened {
  readonly event: EditableEvent;
  readonly isSecret: boolean;
}

/** The event in a message, without the marks of its encryption. Not ok: it is encrypted, and no key is here. */
export async function openForEditing(
  { config, keys }: Pipeline,
  message: StoredMessage,
): Promise<Decoded<Opened>> {
  const { headers, data, subject } = message;
  if (!isSealed(message)) {
    const isSecret = config.events.find((one) => subjectMatches(one.subject, subject))?.encrypt === true;
    return { ok: true, value: { event: { headers, payload: data }, isSecret } };
  }
  const opened = await keys.open(message);
  if (!opened.ok) return opened;
  return {
    ok: true,
    value: { event: { headers: unsealedHeaders(headers), payload: opened.value }, isSecret: true },
  };
}

/** Encrypted with the current key, whichever it was before. Throws ConfigError `NO_KEY`, and `KEY_INVALID`. */
export async function seal({ keys }: Pipeline, { headers, payload }: EditableEvent): Promise<EditableEvent> {
  const sealed = await keys.seal(payload);
  return { headers: sealedHeaders(headers, sealed.keyId), payload: sealed.payload };
}
