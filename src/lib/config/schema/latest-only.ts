import * as field from './fields.js';

export const latestOnly = field.withDefault(
  field.list(field.named('filter'), { empty: true }),
  [],
  'subjects that each name one thing, wildcards allowed: a dead letter is stale when a newer event of its subject was processed',
);
