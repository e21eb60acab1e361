/** Defaults that depend on another field, so that zod can't fill them in; config/resolve does. */
export const dependentDefaults = {
  concurrency: 10,
  ackWait: '30s',
  backoff: ['1s', '5s'],
  retryBackoff: ['30s', '2m'],
  metaBackoff: ['1s', '5s', '15s', '30s'],
  duplicateWindow: '2m',
  eventMaxBytes: '1KiB',
} as const;
