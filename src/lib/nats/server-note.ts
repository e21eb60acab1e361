const markerHeader = 'Nats-Marker-Reason';
const scheduleHeader = 'Nats-Schedule';

/**
 * What a message is that stands in the stream for the server alone, and that was not published to be handled: its note
 * that the last message of a subject is gone, or a request to publish something later. Undefined: neither. nats-server
 * has them since 2.11 and 2.12.
 */
export function serverNoteOf(header: (name: string) => string | undefined): string | undefined {
  const reason = header(markerHeader);
  if (reason !== undefined) return `a delete marker (${reason})`;
  return header(scheduleHeader) === undefined ? undefined : 'a schedule';
}
