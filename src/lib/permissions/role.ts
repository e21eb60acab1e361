/** Who uses a pipeline, by what they do with it. */
export const roles = ['publisher', 'runner', 'operator', 'ci', 'viewer'] as const;
/** Who uses a pipeline, by what they do with it. */
export type Role = (typeof roles)[number];

/** The role whose permissions a command needs. Commands that need no server are not in it. */
export const roleOfCommand: Readonly<Record<string, Role>> = {
  'advisories tail': 'viewer',
  completion: 'viewer',
  'dlq ack': 'operator',
  'dlq archive': 'operator',
  'dlq assign': 'operator',
  'dlq discard': 'operator',
  'dlq edit': 'operator',
  'dlq export': 'viewer',
  'dlq groups': 'viewer',
  'dlq list': 'viewer',
  'dlq mute': 'operator',
  'dlq note': 'operator',
  'dlq replay': 'operator',
  'dlq restore': 'operator',
  'dlq report': 'viewer',
  'dlq show': 'viewer',
  'dlq test': 'viewer',
  'dlq unmute': 'operator',
  'dlq watch': 'viewer',
  'events catalog': 'viewer',
  'events explain': 'viewer',
  'events load': 'publisher',
  'events publish': 'publisher',
  'events tail': 'viewer',
  'events replay': 'viewer',
  'operations log': 'viewer',
  'outbox relay': 'publisher',
  'pipeline apply': 'ci',
  'pipeline doctor': 'viewer',
  'pipeline health': 'viewer',
  'pipeline metrics': 'viewer',
  'pipeline pause': 'operator',
  'pipeline resume': 'operator',
  'pipeline run': 'runner',
  'pipeline status': 'viewer',
  'pipeline verify': 'operator',
  'tasks cancel': 'operator',
  'tasks list': 'viewer',
  'tasks show': 'viewer',
  'tasks watch': 'viewer',
};

/** The role that a command lacks where this subject is refused. Only operators share events in a group: it takes a consumer. */
export function roleFor(command: string, subject: string): Role | undefined {
  const needsConsumer = command === 'events tail' && /\.CONSUMER\.|^\$JS\.ACK\./.test(subject);
  return needsConsumer ? 'operator' : roleOfCommand[command];
}
