import type { Source } from './corpus.js';

export const messaging: readonly Source[] = [
  {
    source: 'kafkajs',
    name: 'KafkaJSProtocolError',
    causes: [
      'This server does not host this topic-partition',
      'The coordinator is not aware of this member',
      'The request included a message larger than the max message size the server will accept',
      ['KafkaJSConnectionError', 'Connection error: connect ECONNREFUSED {ip}:9092'],
      ['KafkaJSConnectionError', 'Connection timeout'],
      ['KafkaJSRequestTimeoutError', 'Request Produce(key: 0, version: 7) timed out'],
      ['KafkaJSNumberOfRetriesExceeded', 'Broker {host}:9092 is not available after {n} retries'],
      ['KafkaJSTopicMetadataNotLoaded', 'Failed to find metadata for topic {topic}'],
    ],
  },
  {
    source: 'amqplib',
    name: 'Error',
    causes: [
      "Channel closed by server: 404 (NOT-FOUND) with message \"NOT_FOUND - no queue '{ident}' in vhost '/'\"",
      'Channel closed by server: 406 (PRECONDITION-FAILED) with message "PRECONDITION_FAILED - unknown delivery tag {n}"',
      'Connection closed: 320 (CONNECTION-FORCED) with message "CONNECTION_FORCED - broker forced connection closure with reason \'shutdown\'"',
      'Handshake terminated by server: 403 (ACCESS-REFUSED) with message "ACCESS_REFUSED - Login was refused using authentication mechanism PLAIN."',
      'Heartbeat timeout',
      ['IllegalOperationError', 'Channel closed'],
      'Socket closed abruptly during opening handshake',
    ],
  },
  {
    source: 'nats',
    name: 'NatsError',
    causes: [
      'TIMEOUT',
      'CONNECTION_REFUSED',
      "no responders: '{subject}'",
      ['PermissionViolationError', 'Permissions Violation for Publish to "{subject}"'],
      ['JetStreamApiError', 'stream not found'],
      ['JetStreamApiError', 'consumer not found'],
      ['JetStreamApiError', 'wrong last sequence: {n}'],
      ['JetStreamApiError', 'maximum messages exceeded'],
      ['JetStreamApiError', 'insufficient storage resources available'],
    ],
  },
  {
    source: 'bullmq',
    name: 'Error',
    causes: [
      'Missing lock for job {n}. moveToFinished',
      'Missing key for job {uuid}. getState',
      'job stalled more than allowable limit',
      'Job {nano} cannot be moved from active: it is locked by {uuid}:{n}',
      'Custom Ids cannot be integers: {n}',
      ['UnrecoverableError', 'Job {uuid} exceeded its {n} attempts'],
    ],
  },
];
