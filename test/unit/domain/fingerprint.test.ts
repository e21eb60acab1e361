import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { incident } from '../../../bench/fixtures/incident.mjs';
import { chosenFingerprint, fingerprintOf } from '../../../src/lib/domain/fingerprint.js';
import { shapeOf } from '../../../src/lib/domain/fingerprint-shape.js';

const print = (message: string): string => fingerprintOf('Error', message);

describe('put together', () => {
  test.each<[string, ...string[]]>([
    ['hosts by their letters', 'no answer from smtp-a.mail.internal', 'no answer from relay.example.net'],
    [
      'hosts and addresses',
      'no answer from mx.example.com:25',
      'no answer from 10.0.4.17:587',
      'no answer from [2001:db8::7]:25',
    ],
    [
      'addresses of IPv6',
      'no route to ::1',
      'no route to fe80::1c2d:3:4%eth0',
      'no route to 2001:db8:0:1::5',
    ],
    [
      'a refused connection, by its address',
      'connect ECONNREFUSED 10.0.0.1:587',
      'connect ECONNREFUSED ::1:587',
      'connect ECONNREFUSED mail.example.com:587',
    ],
    [
      'names that were looked up',
      'getaddrinfo ENOTFOUND postgres',
      'getaddrinfo ENOTFOUND redis-master.cache.svc',
    ],
    ['counts', 'got 3 of 10 rows', 'got 71 of 9999 rows', 'got 1 of 512 rows'],
    ['one and many', 'gave up after 1 attempt', 'gave up after 12 attempts'],
    [
      'durations',
      'no answer after 30s',
      'no answer after 250 ms',
      'no answer after 1 minute 30 seconds',
      'no answer after 1.5h',
    ],
    [
      'sizes',
      'body of 1,024 bytes is too large',
      'body of 12MB is too large',
      'body of 3.5 GiB is too large',
    ],
    [
      'dates',
      'expired on 2026-11-29T02:13:44.123Z',
      'expired on 2026-11-29',
      'expired on Mon, 23 Nov 2026 10:00:00 GMT',
      'expired on 29/11/2026 02:13:44',
    ],
    [
      'UUIDs',
      'no user 0b1d9ff0-9c9d-4d8e-8a4b-6c8c8f4a0b6e',
      'no user D0B1D9FF-9C9D-4D8E-8A4B-6C8C8F4A0B6E',
      'no user 42',
    ],
    [
      'hexadecimal',
      'no object 507f1f77bcf86cd799439011',
      'no object deadbeef',
      'no object 0xfeedface',
      'no object abcdefabcdef',
    ],
    [
      'nanoids',
      'no session V1StGXR8_Z5jdHi6B-myT',
      'no session kHk_pFO5-9W3aJcuVZQ1x',
      'no session XkQzLmPwRtYvBnGhJdSfC',
      'no session a-Z_VmuSOMlbWE5Shufx4',
    ],
    ['ULIDs', 'no order 01J9ZQ4X8Y7K2M3N4P5Q6R7S8T', 'no order 01ARZ3NDEKTSV4RRFFQ69G5FAV'],
    ['cuids', 'no cart cjld2cjxh0000qzrmn831i7rn', 'no cart tz4a98xxat96iws9zmbrgj3a'],
    [
      'JWTs',
      'token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.dBjftJeZ4CVP is revoked',
      'token eyJ0eXAiOiJKV1QifQ.eyJpc3MiOiJqb2UifQ.uNiGxPZ is revoked',
    ],
    ['base64', 'bad digest 3q2+7w/hG9zQwXJ1mVbT5A==', 'bad digest aGVsbG8gd29ybGQ='],
    [
      'ids with a prefix',
      'no customer cus_NffrFeUfNV2Hib',
      'no customer cus_9s6XKzkNRiz8i3',
      'no customer cus_QxWzLpRtKvBnGh',
    ],
    [
      'tables after Table',
      'Table analytics.events does not exist',
      'Table sessions does not exist',
      'Table db.page_views_2026 does not exist',
    ],
    ['e-mail addresses', '550 <bob@example.com>: unknown', '550 <alice.b+c@mail.example.org>: unknown'],
    [
      'request ids of AWS',
      'Access Denied (Request ID: TX4B9D2F0A1C3E5G, Extended Request ID: 3q2+7w/hG9zQwXJ1mVbT5AxY=)',
      'Access Denied (Request ID: 4442587FB7D0A2F9, Extended Request ID: aGVs/bG8gd29ybGQhZm9vMTIz)',
    ],
    [
      'request ids of DynamoDB',
      'throttled (request QJKVB5JTNO3RUQ4J83VMBI1ABCVV4KQNSO5AEMVJF66Q9ASUAAJG)',
      'throttled (request 7EVCLOQ4T4AQ6MUFF5FKFAPJSJVV4KQNSO5AEMVJF66Q9ASUAAJG)',
    ],
    ['paths', 'cannot open /tmp/upload_1', 'cannot open ./data/in.csv', 'cannot open C:\\new\\table.txt'],
    ['URLs', 'GET https://api.acme.io/v1/users?id=1 failed', 'GET http://localhost:3000/ failed'],
    [
      'statements of SQL',
      'failed: select a, b from users where id = $1',
      'failed: SELECT * FROM orders LIMIT 1',
      'failed: INSERT INTO x VALUES (1, 2)',
    ],
    ['hosts in capitals', 'refused by AM0PR04MB1234.eurprd04.prod.outlook.com', 'refused by mx.example.net'],
    ['groups of hexadecimal', 'request ABCD:12EF34:FFEEDD:1234', 'request 0A12:3BCDEF:AABBCC:99FF'],
    ['quoted values', 'no column "name"', 'no column "e-mail"', 'no column `x y`'],
    ['single-quoted values after an apostrophe', "can't find user 'bob'", "can't find user 'alice'"],
    [
      'values of an object',
      'refused {"user":{"id":1,"on":true},"note":"a"}',
      'refused {"user":{"id":222,"on":false},"note":"b c"}',
    ],
    [
      'values of an inspected object',
      "refused { user: 'bob', seats: 3 }",
      "refused { user: 'alice', seats: 12 }",
    ],
    ['key=value', 'dropped id=1 size=big', 'dropped id=abc size=small'],
    ['what has line breaks, as it is stored', 'failed:\\nuser 12\\tgone', 'failed:\\nuser 345\\tgone'],
    ['upper and lower case', 'Connection Refused', 'connection refused'],
    ['what comes after the first 1024 characters', `${'x '.repeat(512)}a`, `${'x '.repeat(512)}b`],
  ])('%s', (_what, ...messages) => {
    expect(messages.map((message) => shapeOf(message).words.join(' '))).toEqual(
      messages.map(() => shapeOf(messages[0] ?? '').words.join(' ')),
    );
    expect(new Set(messages.map(print)).size).toBe(1);
  });
});

describe('kept apart', () => {
  test.each<[string, ...string[]]>([
    ['ports after connect E…', 'connect ECONNREFUSED 10.0.0.1:587', 'connect ECONNREFUSED 10.0.0.1:8123'],
    ['ports after connect E…, of IPv6', 'connect ETIMEDOUT [::1]:587', 'connect ETIMEDOUT [::1]:8123'],
    [
      'ports in a cause',
      'fetch failed; cause: connect ECONNREFUSED ::1:587',
      'fetch failed; cause: connect ECONNREFUSED ::1:8123',
    ],
    ['states of HTTP', 'Request failed with status code 500', 'Request failed with status code 429'],
    ['states of HTTP, in short', 'HTTP 500', 'HTTP 429', 'HTTP 503'],
    ['states of HTTP, with a version', 'HTTP/1.1 500 Internal Server Error', 'HTTP/1.1 502 Bad Gateway'],
    ['states of HTTP, in a word', 'billing answered 500', 'billing answered 429'],
    ['states of HTTP, after a colon', 'Unexpected server response: 502', 'Unexpected server response: 401'],
    ['states in an object', '{"status":500,"id":1}', '{"status":429,"id":1}'],
    ['states as key=value', 'refused statusCode=500', 'refused statusCode=429'],
    ['replies of SMTP', '450 4.2.1 <a@b.de>: busy', '550 4.2.1 <a@b.de>: busy'],
    [
      'replies of SMTP, after words',
      'rejected: 550 5.1.1 sorry',
      'rejected: 550 5.7.1 sorry',
      'rejected: 450 4.2.1 sorry',
    ],
    ['codes of ClickHouse', 'Code: 60. DB::Exception: no', 'Code: 241. DB::Exception: no'],
    ['codes of Oracle', 'ORA-00942: no', 'ORA-00001: no'],
    ['codes of MongoDB', 'E11000 duplicate', 'E11001 duplicate'],
    ['codes of MySQL', 'ERROR 1045 (28000): no', 'ERROR 1146 (42S02): no'],
    ['SQLSTATE', 'SQLSTATE 23505', 'SQLSTATE 42P01'],
    ['exit codes', 'exited with code 1', 'exited with code 137'],
    ['codes of gRPC', '14 UNAVAILABLE: no', '4 DEADLINE_EXCEEDED: no'],
    ['names of AWS', 'NoSuchBucket: no', 'NoSuchKey: no'],
    ['properties', "of undefined (reading 'street')", "of undefined (reading 'items')"],
    [
      'properties, as they were told once',
      "Cannot read property 'street' of undefined",
      "Cannot read property 'items' of undefined",
    ],
    ['technologies', 'cannot speak http2', 'cannot speak http3', 'cannot speak utf-8', 'cannot speak utf-16'],
    ['other words', 'connection refused', 'connection reset'],
    ['words of hexadecimal letters only', 'the facade broke', 'the decade broke'],
    ['words around apostrophes', "can't read the file, isn't it", "can't write the file, isn't it"],
    ['causes behind a long message', `${'x '.repeat(300)}; cause: one`, `${'x '.repeat(300)}; cause: two`],
  ])('%s', (_what, ...messages) => {
    expect(new Set(messages.map(print)).size).toBe(messages.length);
  });

  test('what is counted is no state', () => {
    for (const text of [
      'imported 500 rows',
      '{"size":500}',
      'size=500',
      'at port 500 x',
      'processed: 500 of 1000',
      'max_tokens: 500',
    ])
      expect(print(text)).toBe(print(text.replace('500', '429')));
  });

  test('a port counts nowhere else', () => {
    expect(print('no answer from 10.0.0.1:587')).toBe(print('no answer from 10.0.0.1:25'));
    expect(print('getaddrinfo ENOTFOUND a.example.com:587')).toBe(
      print('getaddrinfo ENOTFOUND a.example.com:25'),
    );
  });

  test('the name', () => {
    expect(fingerprintOf('TypeError', 'x')).not.toBe(fingerprintOf('RangeError', 'x'));
  });

  test('the code, where the message says none', () => {
    expect(fingerprintOf('Error', 'no', '23505')).not.toBe(fingerprintOf('Error', 'no', '42P01'));
    const refused = 'connect ECONNREFUSED 10.0.0.1:587';
    expect(fingerprintOf('Error', refused, 'ECONNREFUSED')).toBe(print(refused));
  });
});

test('what a handler calls alike is alike', () => {
  expect(chosenFingerprint('smtp down')).toMatch(/^[0-9a-f]{12}$/);
  expect(chosenFingerprint('smtp down')).toBe(chosenFingerprint('smtp down'));
  expect(chosenFingerprint('a')).not.toBe(chosenFingerprint('b'));
});

test('an incident of three causes, with hosts, ports, ids, times and tables, is three groups', () => {
  const counts = new Map<string, number>();
  for (const { name, message } of incident()) {
    const key = fingerprintOf(name, message);
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  expect([...counts.values()].toSorted((a, b) => b - a)).toEqual([600, 300, 100]);
  expect(new Set(incident().map(({ message }) => message)).size).toBe(901);
});

test('ids of many kinds are left out, whatever letters they happen to have', () => {
  const alphabets = {
    nanoid: ['0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_-', 21],
    ulid: ['0123456789ABCDEFGHJKMNPQRSTVWXYZ', 26],
    cuid: ['0123456789abcdefghijklmnopqrstuvwxyz', 24],
    aws: ['0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ', 16],
    hex: ['0123456789abcdef', 24],
  } as const;
  for (const [kind, [alphabet, length]] of Object.entries(alphabets)) {
    const expected = print('no session 42 here');
    let missed = 0;
    for (let n = 0; n < 2000; n++) {
      const bytes = createHash('sha256').update(`${kind} ${n}`).digest();
      const id = Array.from({ length }, (_, at) => alphabet[(bytes[at] ?? 0) % alphabet.length]).join('');
      if (print(`no session ${id} here`) !== expected) missed++;
    }
    // One in 200 looks like a word with a number.
    expect({ kind, missed: missed > 10 ? missed : 0 }).toEqual({ kind, missed: 0 });
  }
});
