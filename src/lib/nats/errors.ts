import { JetStreamApiError, JetStreamError } from '@nats-io/jetstream';
import {
  AuthorizationError,
  ClosedConnectionError,
  DrainingConnectionError,
  NoRespondersError,
  PermissionViolationError,
  RequestError,
  TimeoutError,
  UserAuthenticationExpiredError,
} from '@nats-io/transport-node';
import { inUtc } from '../domain/time.js';
import { domainOfApi, inDomain } from './home.js';
import { apiCode, messageTooLarge, storeFullCodes } from './wire/api-code.js';
import { limitsInTheWay } from './wire/limits-in-the-way.js';
import { ConnectionError, type CodedFacts, messageOf, OperationError, PlutomiError } from '../errors.js';
import { suggestCommand, suggestFlag, suggestOther, type Suggestion } from '../suggestion.js';

/** A compare-and-set publish found another last sequence on its subject. */
export class WrongSequenceError extends OperationError {
  constructor(subject: string, cause: unknown) {
    super(`${subject}: another message was written in between`, { code: 'WRONG_SEQUENCE', cause });
  }
}

/** The server can't store: a limit of the stream, the account or the disk is reached. */
export class StoreFullError extends OperationError {
  constructor(what: string, cause: unknown) {
    super(`${what}: the server can't store it: ${messageOf(cause)}`, {
      code: 'STORE_FULL',
      cause,
      suggestions: ['raise the limit of the stream or of the account, or free space'],
    });
  }
}

/** The message is larger than the server or its stream takes, headers included: nothing was stored. */
export class TooLargeError extends OperationError {
  constructor(what: string, cause: unknown, limit: string) {
    super(`${what}: the message is larger than ${limit}`, {
      code: 'TOO_LARGE',
      cause,
      suggestions: [`raise ${limit}`],
    });
  }
}

/** What a connection throws instead of sending a message that its server would answer by closing it. */
export class PayloadLimit extends Error {
  constructor(
    readonly sizeBytes: number,
    readonly limitBytes: number,
  ) {
    super(`max_payload: ${sizeBytes} bytes with headers, the server takes ${limitBytes}`);
  }
}

/**
 * The server refused the user of this connection: who it is, or what it wanted to do. Then `operation` and `subject`
 * say which permission is missing.
 */
export class NotAllowedError extends ConnectionError {
  /** What is not allowed; undefined: to log in. */
  readonly operation: 'publish' | 'subscribe' | undefined;
  /** The subject that the permission is missing for; undefined: the login was refused. */
  readonly subject: string | undefined;

  constructor(what: string, cause: unknown) {
    const violation = cause instanceof PermissionViolationError ? cause : undefined;
    const operation = violation && (violation.operation === 'subscription' ? 'subscribe' : 'publish');
    super(
      violation
        ? `${what}: not allowed: this user lacks the permission to ${verbs[operation ?? 'publish']} ${violation.subject}`
        : `${what}: not allowed: ${messageOf(cause)}`,
      {
        code: 'NOT_ALLOWED',
        cause,
        suggestions: [...(violation ? missing(violation) : refusedLogin(cause))],
      },
    );
    this.operation = operation;
    this.subject = violation?.subject;
  }
}

const verbs = { publish: 'publish to', subscribe: 'subscribe to' } as const;

function missing({ operation }: PermissionViolationError): readonly string[] {
  return operation === 'subscription'
    ? ['name the prefix that this user may subscribe to with --inbox-prefix or NATS_INBOX_PREFIX']
    : [];
}

function refusedLogin(cause: unknown): readonly string[] {
  return cause instanceof UserAuthenticationExpiredError
    ? ['the credentials have expired: get new ones from whoever runs the server']
    : ['check the credentials: --user and --password, --creds, --nkey, the variables, or the context'];
}

/** The user's token has ended; the server itself says only that it refuses. */
export class ExpiredCredentials extends ConnectionError {
  constructor(where: string, at: string, cause: unknown) {
    super(`connect to ${where}: not allowed: the credentials expired at ${inUtc(at)}`, {
      code: 'NOT_ALLOWED',
      cause,
      suggestions: ['get new ones from whoever issues them for this account'],
    });
  }
}

const howToGoOn: readonly Suggestion[] = [
  'run it again',
  suggestFlag('timeout', '30s', 'when the server is slow, with more time'),
];

/** A stream that has no leader, or is not there, answers nothing. */
const whoLeads = suggestOther('nats', ['stream', 'report'], {
  why: 'see which streams there are, and which have a leader',
});

/** No answer in time, nothing there to answer, or the connection is down. It may work later. */
export class UnreachableError extends ConnectionError {
  constructor(what: string, cause: unknown, reason: string, facts: CodedFacts = {}) {
    super(`${what}: ${reason}`, { code: 'UNREACHABLE', cause, suggestions: howToGoOn, ...facts });
  }
}

/** The connection was closed, and does not come back: nothing more is sent, and waiting does not help. */
export class ClosedError extends ConnectionError {
  constructor(
    what: string,
    cause: unknown,
    /** Why it ended, where nobody here closed it. */
    readonly reason?: PlutomiError,
  ) {
    super(
      reason === undefined
        ? `${what}: the pipeline is closed, and its connection with it`
        : `${what}: the connection has ended for good: ${reason.message}`,
      {
        code: 'CLOSED',
        cause,
        suggestions: reason?.suggestions ?? ['run it again; a program opens the pipeline again'],
      },
    );
  }
}

/**
 * Nobody listens for what was asked in the JetStream domain that was named. Where that is about a stream or a consumer, every
 * server of the domain would answer: there is no such domain, or no way to it.
 */
export class SilentDomainError extends UnreachableError {
  constructor(
    what: string,
    cause: unknown,
    /** Its name. */
    readonly domain: string,
  ) {
    super(what, cause, `${nothingAnswersIn(domain)}: no such domain or stream, or it has no leader now`, {
      suggestions: [
        'check the name of the domain: --js-domain, or jetstream_domain of the context',
        ...howToGoOn,
        whoLeads,
      ],
    });
  }
}

/** The fact, for messages. */
export function nothingAnswersIn(domain: string): string {
  return `nothing answers ${inDomain(domain)}`;
}

/**
 * The account of this user has no JetStream. A server may say so for a moment while it starts: what runs on its own
 * asks again, as of any server that can't be reached.
 */
export class NoJetStreamError extends UnreachableError {
  constructor(what: string, cause: unknown, account?: string) {
    const whose = account === undefined ? 'the account of this user' : `the account ${account}`;
    super(what, cause, `${whose} has no JetStream`, {
      code: 'NO_JETSTREAM',
      suggestions: [
        'log in as a user of an account that has it: --user, --creds, --nkey, or --context',
        'or enable it: jetstream: enabled in the account of the server configuration, or nsc edit account --js-tier 0',
      ],
    });
    this.what = what;
  }
  readonly what: string;
}

/** The JetStream error number of an error, where it has one. */
export function apiCodeOf(error: unknown): number | undefined {
  if (error instanceof JetStreamApiError) return error.code;
  if (error instanceof PlutomiError && error.cause instanceof JetStreamApiError) return error.cause.code;
  return undefined;
}

/**
 * Turns what the client threw into one of our classes; `what` says what was being done, and on what. `ended`: why the
 * connection has ended for good, where it has.
 */
export function translateError(error: unknown, what: string, ended?: PlutomiError): PlutomiError {
  if (error instanceof PlutomiError) return error;
  const cause = error instanceof RequestError && error.cause ? error.cause : error;
  if (cause instanceof PermissionViolationError || error instanceof PermissionViolationError) {
    return new NotAllowedError(what, cause);
  }
  if (cause instanceof AuthorizationError || cause instanceof UserAuthenticationExpiredError) {
    return new NotAllowedError(what, cause);
  }
  if (cause instanceof PayloadLimit)
    return new TooLargeError(what, cause, `max_payload of the server (${cause.limitBytes} bytes)`);
  if (cause instanceof TimeoutError) return new UnreachableError(what, error, 'no answer in time');
  if (cause instanceof NoRespondersError || (error instanceof RequestError && error.isNoResponders())) {
    return nobodyAnswers(what, error, cause);
  }
  if (cause instanceof ClosedConnectionError || cause instanceof DrainingConnectionError || isCutOff(error))
    return new ClosedError(what, error, ended);
  if (error instanceof JetStreamApiError) return translateApiError(error, what);
  if (isWrapper(error) && error.cause !== undefined) return translateError(error.cause, what, ended);
  return new OperationError(`${what}: ${messageOf(error)}`, { cause: error });
}

/** A request that was out when the connection was closed: the client says so in words only. */
function isCutOff(error: unknown): boolean {
  return error instanceof RequestError && error.message === 'connection closed';
}

function nobodyAnswers(what: string, error: unknown, cause: unknown): UnreachableError {
  const domain = cause instanceof NoRespondersError ? domainOfApi(cause.subject) : undefined;
  if (domain === undefined) {
    const reason = 'nothing answers: no such stream, or it has no leader now';
    return new UnreachableError(what, error, reason, { suggestions: [...howToGoOn, whoLeads] });
  }
  return new SilentDomainError(what, error, domain);
}

/** Says nothing by itself: its cause is the error. The client doesn't export the class of the second. */
function isWrapper(error: unknown): error is Error {
  return error instanceof JetStreamError || (error instanceof Error && error.name === 'JetStreamNotEnabled');
}

function translateApiError(error: JetStreamApiError, what: string): PlutomiError {
  if (error.code === apiCode.wrongLastSequence || error.code === apiCode.wrongLastSequenceUnknown) {
    return new WrongSequenceError(what, error);
  }
  if (error.code === messageTooLarge) return new TooLargeError(what, error, 'max_msg_size of the stream');
  if (storeFullCodes.includes(error.code)) return new StoreFullError(what, error);
  // What stood on nodes that are gone comes back with them, and the server says so with a status of its own.
  if (error.code === apiCode.streamOffline || error.code === apiCode.consumerOffline) {
    return leaderless(what, error);
  }
  if (error.code === apiCode.noJetStream) return new NoJetStreamError(what, error);
  // 10008: no leader, 503s while a cluster elects; 429: too busy.
  if (error.status === 503) return leaderless(what, error);
  if (error.status === 429) return new UnreachableError(what, error, error.message);
  if (error.code === apiCode.streamNotFound) return noStream(what, error);
  return new OperationError(`${what}: ${error.message} (${error.code})`, {
    code: `JETSTREAM_${error.code}`,
    cause: error,
    suggestions: limitsInTheWay(error.message),
  });
}

/** What is asked for is there, and nothing can answer for it now. */
function leaderless(what: string, error: JetStreamApiError): UnreachableError {
  return new UnreachableError(what, error, error.message, { suggestions: [...howToGoOn, whoLeads] });
}

/** There is no such stream, as the server says. */
export function noStream(what: string, cause: unknown): OperationError {
  return new OperationError(`${what}: there is no such stream on this server`, {
    code: 'NO_STREAM',
    cause,
    suggestions: [suggestCommand('pipeline apply'), 'name another server with --server or --context'],
  });
}

/** Nobody listens on the subject: its stream is gone, or has no leader now. */
export function isNobodyThere(error: unknown): boolean {
  return error instanceof UnreachableError && error.cause instanceof NoRespondersError;
}

/** Statuses of refusals that the same question gets again: it is wrong, not allowed, or about what is not there. */
const lastingStatuses: readonly number[] = [400, 403, 404];

/** A permanent refusal: asking again later does not help, only a change on the server does. */
export function isLasting(error: PlutomiError): boolean {
  if (error instanceof TooLargeError || error instanceof NotAllowedError) return true;
  if (error instanceof WrongSequenceError || error instanceof StoreFullError) return false;
  return error.cause instanceof JetStreamApiError
    ? lastingStatuses.includes(error.cause.status)
    : error.code === 'NO_STREAM';
}
