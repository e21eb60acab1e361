import * as z from 'zod/mini';
import * as field from '../schema/fields.js';

const axiom = z.strictObject({
  dataset: field.optional(
    field.text(),
    'dataset that lines are put into; default: AXIOM_DATASET of the environment',
  ),
  token: field.withDefault(
    field.keyReference(),
    'env://AXIOM_TOKEN',
    'where the API token is, never the token itself',
  ),
  orgId: field.optional(field.text(), 'organization; only personal tokens need it'),
  url: field.optional(field.webUrl(), 'where Axiom is; default: https://api.axiom.co'),
});

const transport = z.strictObject({
  target: field.described(field.text(), 'package of a pino transport, or a module of one: ./transport.mjs'),
  options: field.withDefault(
    z.record(z.string(), z.unknown()),
    {},
    'what the transport is given; a text like env://NAME or file://path is replaced by what is there',
  ),
});

/** Where else the log of `pipeline run` goes, besides stdout. */
export const log = field.section(
  {
    axiom: field.optional(
      field.either('{dataset, token, …} or false', [z.literal(false), axiom]),
      'Axiom, through the package @axiomhq/pino; default: where the environment has AXIOM_TOKEN and AXIOM_DATASET',
    ),
    transport: field.optional(transport, 'a pino transport; it runs in a thread of its own'),
  },
  'where else pipeline run logs to, besides stdout',
);
