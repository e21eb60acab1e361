/**
 * Limits that `nats server check` and `nats audit` read from the metadata of streams and consumers. Theirs is reached at
 * a value, ours is passed above it: one more.
 */
export type MonitorMetadata = Readonly<Record<string, string>>;

const prefix = 'io.nats.monitor.';
/** Which of these keys are ours: another one is somebody else's, and stays. */
const oursKey = 'plutomi-events.monitor';

const enabled = { [`${prefix}enabled`]: 'true' } as const;

/** So many messages may wait for a consumer. */
export function consumerMonitor(critical: number): MonitorMetadata {
  return { ...enabled, [`${prefix}unprocessed-critical`]: String(critical + 1) };
}

/**
 * So many messages may be in a stream with one message a subject. Their limit of messages is a minimum; that of subjects is
 * a maximum where the warning is the smaller one.
 */
export function streamMonitor({
  degraded,
  critical,
}: {
  readonly degraded: number;
  readonly critical: number;
}): MonitorMetadata {
  return {
    ...enabled,
    [`${prefix}subjects-warn`]: String(degraded + 1),
    [`${prefix}subjects-critical`]: String(Math.max(critical, degraded + 1) + 1),
  };
}

type Metadata = Readonly<Record<string, string>> | undefined;

function oursIn(metadata: Metadata): readonly string[] {
  const keys = metadata?.[oursKey]?.split(',') ?? [];
  return keys.filter((key) => key.startsWith(prefix));
}

/** The metadata with these limits in it, and without those that an earlier config had. All else stays. */
export function withMonitor(metadata: Metadata, wanted: MonitorMetadata): Record<string, string> {
  const left = new Set([...oursIn(metadata), oursKey]);
  const rest = Object.entries(metadata ?? {}).filter(([key]) => !left.has(key));
  const keys = Object.keys(wanted);
  const ours = keys.length === 0 ? {} : { [oursKey]: keys.join(',') };
  return { ...Object.fromEntries(rest), ...wanted, ...ours };
}

/** Limits that are not as wanted. */
export function monitorChanges(
  metadata: Metadata,
  wanted: MonitorMetadata,
): { readonly path: string; readonly from: string | null; readonly to: string | null }[] {
  const keys = new Set([...Object.keys(wanted), ...oursIn(metadata)]);
  return [...keys].flatMap((key) => {
    const [from, to] = [metadata?.[key] ?? null, wanted[key] ?? null];
    return from === to ? [] : [{ path: `metadata.${key}`, from, to }];
  });
}

/** Nothing runs differently for it. */
export function isMonitorPath(path: string): boolean {
  return path.startsWith(`metadata.${prefix}`);
}
