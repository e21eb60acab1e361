/** JetStream's own error numbers that we act on. */
export const apiCode = {
  consumerNotFound: 10014,
  streamNotFound: 10059,
  messageNotFound: 10037,
  noJetStream: 10039,
  sequenceNotFound: 10043,
  messageDeleteFailed: 10057,
  otherStream: 10060,
  wrongLastSequence: 10071,
  wrongLastSequenceUnknown: 10164,
  streamNameInUse: 10058,
  subjectOverlap: 10065,
  streamOffline: 10118,
  consumerOffline: 10119,
} as const;

/** 10002 has the status of a wrong question, and passes like the others once there is space again. */
export const storeFullCodes: readonly number[] = [10002, 10023, 10028, 10047, 10077, 10122];
/** The message is larger than its stream takes. */
export const messageTooLarge = 10054;
