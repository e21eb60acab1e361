import type { FieldChange } from './fields.js';

/** Fields of a consumer that no server changes: it must be deleted and created again. */
const fixedConsumerFields: readonly string[] = [
  'deliver_policy',
  'opt_start_seq',
  'opt_start_time',
  'ack_policy',
  'replay_policy',
  'deliver_subject',
  // Refused since 2.14.4, and accepted without effect before.
  'mem_storage',
];

/** Can this change only be had by deleting the object and creating it again? */
export function isImmutable(kind: 'stream' | 'consumer', field: FieldChange): boolean {
  return kind === 'consumer' ? fixedConsumerFields.includes(field.path) : isFixedOnStream(field);
}

function isFixedOnStream({ path, from, to }: FieldChange): boolean {
  switch (path) {
    case 'storage':
      return true;
    case 'retention':
      return from === 'workqueue' || to === 'workqueue';
    case 'sealed':
    case 'deny_delete':
      return from === true;
    default:
      return false;
  }
}
