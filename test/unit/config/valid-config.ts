import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Validated, validateConfig } from '../../../src/lib/config/validation/validate.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

/** A small valid config; `handler.mjs` must be beside it. */
export function validConfig(): Record<string, unknown> {
  return {
    name: 'plutomi',
    events: { 'totp.requested': {}, 'user.created': null },
    consumers: { mailer: { events: ['totp.requested'], handler: './handler.mjs' } },
  };
}

/** The valid config with one consumer, `mailer`, changed. */
export function withMailer(changes: Record<string, unknown>): Record<string, unknown> {
  const mailer = { events: ['totp.requested'], handler: './handler.mjs', ...changes };
  return { ...validConfig(), consumers: { mailer } };
}

/** The valid config with an external consumer, `rust`, changed. */
export function withExternal(changes: Record<string, unknown>): Record<string, unknown> {
  const rust = { external: true, events: ['totp.requested'], ...changes };
  return { ...validConfig(), consumers: { rust } };
}

/** The valid config with streams. */
export function withStreams(streams: Record<string, unknown>): Record<string, unknown> {
  return { ...validConfig(), streams };
}

/** Validates in a new folder that holds `handler.mjs`. */
export async function validated(raw: unknown): Promise<Validated & { readonly folder: string }> {
  const folder = await temporaryFolder();
  await writeFile(join(folder, 'handler.mjs'), 'export default async () => {};\n');
  return { ...(await validateConfig(raw, folder, { handlerFiles: true })), folder };
}

/** Its problems as `path: message`. */
export async function problemsOf(raw: unknown): Promise<string[]> {
  const { problems, folder } = await validated(raw);
  return problems.map(({ path, message }) => `${path}: ${message}`.replaceAll(folder, '<folder>'));
}
