import { type AlertSettings, alertFiles } from '../../config/resolved.js';
import type { AlertHandler } from '../../domain/alert.js';
import { readWebhookSecrets } from '../../domain/webhook-signature.js';
import { ConfigError, UsageError } from '../../errors.js';
import type { Handler } from '../../handlers/contract.js';
import type { AlertTargets } from './messenger.js';

/** Where the alerts of a config go. @throws ConfigError for a secret that is none; UsageError for a handler that was not loaded */
export function alertTargets(
  alerts: AlertSettings,
  given: { readonly handlers: ReadonlyMap<string, Handler>; readonly alertsSecret?: string | undefined },
): AlertTargets {
  const { webhook, subject } = alerts;
  const [file] = alertFiles({ alerts });
  const handler = file && (given.handlers.get(file.file) as AlertHandler | undefined);
  if (file && !handler) throw new UsageError(`${file.path}: no handler was loaded from ${file.file}`);
  return {
    keys: webhook === undefined ? [] : keysOf(given.alertsSecret),
    ...(webhook === undefined ? {} : { webhook }),
    ...(handler === undefined ? {} : { handler }),
    ...(subject === undefined ? {} : { subject }),
  };
}

function keysOf(secret: string | undefined): readonly Buffer[] {
  if (secret === undefined) return [];
  const read = readWebhookSecrets(secret);
  if (read.ok) return read.value;
  throw new ConfigError(
    'alerts can not be signed',
    [{ path: 'PLUTOMI_ALERTS_SECRET', message: read.reason }],
    {
      suggestions: ["make one: node -p \"'whsec_' + crypto.randomBytes(32).toString('base64')\""],
    },
  );
}
