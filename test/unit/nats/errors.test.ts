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
import { describe, expect, test } from 'vitest';
import { UsageError } from '../../../src/lib/errors.js';
import {
  apiCodeOf,
  ClosedError,
  NotAllowedError,
  PayloadLimit,
  StoreFullError,
  TooLargeError,
  translateError,
  NoJetStreamError,
  UnreachableError,
  WrongSequenceError,
} from '../../../src/lib/nats/errors.js';
import { renderSuggestion } from '../../../src/lib/render/suggestion.js';

const api = (err_code: number, code = 400, description = 'said so'): JetStreamApiError =>
  new JetStreamApiError({ err_code, code, description });
const requestOf = (cause: Error): RequestError => new RequestError('the request failed', { cause });
/** As the client does, which does not export the class. */
const notEnabled = (cause: Error): Error =>
  Object.assign(new Error('jetstream is not enabled', { cause }), { name: 'JetStreamNotEnabled' });
const violation = new PermissionViolationError(
  'Permissions Violation for Publish',
  'publish',
  'events.a',
  undefined,
);

test.each<[string, unknown, boolean]>([
  ['no answer in time', new TimeoutError(), false],
  ['nobody there', new NoRespondersError('events.a'), true],
  ['nobody in a domain', new NoRespondersError('$JS.hub.API.STREAM.INFO.events'), true],
  ['no leader', api(10008, 503), true],
  ['a stream that is offline', api(10118, 500), true],
  ['too busy', api(10167, 429), false],
])('%s: what to do about a server that does not answer', (_what, thrown, asksForLeader) => {
  const words = translateError(thrown, 'read events').suggestions.map((one) => renderSuggestion(one));
  expect(words).toEqual(
    expect.arrayContaining(['run it again', 'when the server is slow, with more time: --timeout 30s']),
  );
  expect(words.at(-1)?.endsWith('nats stream report')).toBe(asksForLeader);
});

describe('translateError', () => {
  test.each<[string, unknown, string, number, new (...args: never[]) => Error]>([
    ['a permission', violation, 'NOT_ALLOWED', 4, NotAllowedError],
    ['a permission of a request', requestOf(violation), 'NOT_ALLOWED', 4, NotAllowedError],
    ['a wrong password', new AuthorizationError('x'), 'NOT_ALLOWED', 4, NotAllowedError],
    ['an expired user', new UserAuthenticationExpiredError('x'), 'NOT_ALLOWED', 4, NotAllowedError],
    ['no answer in time', new TimeoutError(), 'UNREACHABLE', 4, UnreachableError],
    ['no answer to a request', requestOf(new TimeoutError()), 'UNREACHABLE', 4, UnreachableError],
    ['nobody there', new NoRespondersError('events.a'), 'UNREACHABLE', 4, UnreachableError],
    ['nobody for a request', requestOf(new NoRespondersError('a')), 'UNREACHABLE', 4, UnreachableError],
    ['a closed connection', new ClosedConnectionError(), 'CLOSED', 4, ClosedError],
    ['one that is being closed', new DrainingConnectionError(), 'CLOSED', 4, ClosedError],
    [
      'nobody for the API',
      notEnabled(requestOf(new NoRespondersError('x'))),
      'UNREACHABLE',
      4,
      UnreachableError,
    ],
    ['an account without JetStream', notEnabled(api(10039, 503)), 'NO_JETSTREAM', 4, NoJetStreamError],
    ['a cluster without a leader', api(10008, 503), 'UNREACHABLE', 4, UnreachableError],
    ['a server with too much to do', api(10167, 429), 'UNREACHABLE', 4, UnreachableError],
    ['another last sequence', api(10071), 'WRONG_SEQUENCE', 1, WrongSequenceError],
    ['another last sequence, unknown', api(10164), 'WRONG_SEQUENCE', 1, WrongSequenceError],
    ['no more resources', api(10023, 503), 'STORE_FULL', 1, StoreFullError],
    ['no more memory', api(10028, 500), 'STORE_FULL', 1, StoreFullError],
    ['no more disk', api(10047, 500), 'STORE_FULL', 1, StoreFullError],
    ['a limit of the account', api(10002, 400), 'STORE_FULL', 1, StoreFullError],
    ['a limit of the stream', api(10077, 503), 'STORE_FULL', 1, StoreFullError],
    ['a message that is too large for the stream', api(10054), 'TOO_LARGE', 1, TooLargeError],
    ['one that is too large for the server', new PayloadLimit(5000, 4096), 'TOO_LARGE', 1, TooLargeError],
    ['no such stream', api(10059, 404), 'NO_STREAM', 1, Error],
    ['another error of JetStream', api(10052, 500), 'JETSTREAM_10052', 1, Error],
    ['an error around another', new JetStreamError('x', { cause: api(10071) }), 'WRONG_SEQUENCE', 1, Error],
    ['any other error', new TypeError('odd'), 'FAILED', 1, Error],
    ['no error at all', 'odd', 'FAILED', 1, Error],
    ['undefined', undefined, 'FAILED', 1, Error],
  ])('%s', (_what, thrown, code, exitCode, kind) => {
    const error = translateError(thrown, 'publish to events.a');
    expect(error).toMatchObject({ code, exitCode });
    expect(error).toBeInstanceOf(kind);
    expect(error.message).toContain('publish to events.a');
  });

  test('one of ours stays as it is', () => {
    const error = new UsageError('x');
    expect(translateError(error, 'publish')).toBe(error);
  });

  test('says what the server said, with its number', () => {
    expect(translateError(api(10052, 500, 'bad config'), 'create stream x').message).toBe(
      'create stream x: bad config (10052)',
    );
  });
});

describe('apiCodeOf', () => {
  test.each<[string, unknown, number | undefined]>([
    ['an error of the API', api(10014), 10014],
    ['one of ours around it', translateError(api(10071), 'x'), 10071],
    ['another error', new Error('x'), undefined],
    ['nothing', undefined, undefined],
  ])('of %s', (_what, error, code) => {
    expect(apiCodeOf(error)).toBe(code);
  });
});
