/** A span of somebody else. */
export interface OtherContext {
  readonly traceId: string;
  readonly spanId: string;
  readonly traceFlags: number;
}

/** Version, trace, span and flags; later versions may have more behind them. */
const shape =
  /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(?:-.{0,512})?$/;

/** Reads a `traceparent` as the W3C has it; undefined: it is none. */
export function otherContext(traceparent: string | undefined): OtherContext | undefined {
  const [, traceId, spanId, flags] = shape.exec(traceparent ?? '') ?? [];
  if (traceId === undefined || spanId === undefined) return undefined;
  return { traceId, spanId, traceFlags: Number.parseInt(flags ?? '0', 16) };
}
