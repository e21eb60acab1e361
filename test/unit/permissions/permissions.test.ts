import { describe, expect, test } from 'vitest';
import { subjectMatches } from '../../../src/lib/domain/subjects.js';
import { permissionsOf } from '../../../src/lib/permissions/permissions.js';
import { type Role, roles } from '../../../src/lib/permissions/role.js';
import { renderNscPermissions, renderServerPermissions } from '../../../src/lib/render/permissions.js';
import { desiredTopology } from '../../../src/lib/topology/desired.js';
import { makeConfig } from '../../support/config.js';

const config = makeConfig({
  streams: { dlq: { name: 'dead', subjects: ['graves.>'] } },
  roots: { ...makeConfig().roots, dlq: 'graves' },
  consumers: [{ name: 'mailer' }, { name: 'billing' }],
});

/** What a user of the role may publish to, as the server decides it. */
function mayPublish(role: Role, subject: string): boolean {
  const { allow, deny = [] } = permissionsOf(config, role).publish;
  const named = (filters: readonly string[]) => filters.some((filter) => subjectMatches(filter, subject));
  return named(allow) && !named(deny);
}

describe('permissionsOf', () => {
  test('a publisher: its subjects, and whether the stream is there', () => {
    expect(permissionsOf(config, 'publisher')).toEqual({
      role: 'publisher',
      pipeline: 'test',
      user: 'publisher',
      inboxPrefix: '_INBOX_publisher',
      publish: { allow: ['$JS.API.STREAM.INFO.events', 'events.totp.requested'] },
      subscribe: { allow: ['_INBOX_publisher.>'] },
    });
    const any = permissionsOf({ ...config, events: [] }, 'publisher');
    expect(any.publish.allow).toEqual(['$JS.API.STREAM.INFO.events', 'events.>']);
  });

  test('of an external consumer a runner hears what the server says, and takes nothing', () => {
    const other = makeConfig({ consumers: [{ name: 'mailer' }], external: [{ name: 'rust' }] });
    const { subscribe, publish } = permissionsOf(other, 'runner');
    expect(subscribe.allow).toEqual([
      '_INBOX_runner.>',
      '$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.events.rust',
      '$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED.events.rust',
    ]);
    const own = publish.allow.filter((subject) => /\.rust(?:-|\.|$)/.test(subject));
    expect(own).toEqual([
      '$JS.ACK.*.*.events-dlq.rust-dlq.>',
      '$JS.ACK.events-dlq.rust-dlq.>',
      '$JS.API.CONSUMER.INFO.events-dlq.rust-dlq',
      '$JS.API.CONSUMER.INFO.events.rust',
      '$JS.API.CONSUMER.MSG.NEXT.events-dlq.rust-dlq',
      'events-advisories.business.MAX_DELIVERIES.rust.>',
      'events-advisories.business.MSG_TERMINATED.rust.>',
    ]);
    const repairs = permissionsOf(other, 'operator').publish.allow;
    expect(repairs).toContain('events-advisories.business.MSG_TERMINATED.rust.>');
    expect(repairs).not.toContain('events-advisories.business.REPLAYED.rust.>');
    for (const role of ['publisher', 'ci'] as const) {
      expect(permissionsOf(other, role).subscribe.allow).toEqual([`_INBOX_${role}.>`]);
    }
  });

  test('a runner may publish where dead letters are told, of all consumers, and nobody else may', () => {
    const told = makeConfig({
      consumers: [{ name: 'mailer', onDeadLetter: { subject: 'DLQ.mailer' } }, { name: 'billing' }],
      external: [{ name: 'rust', onDeadLetter: { subject: 'failed' } }],
    });
    for (const role of roles) {
      const found = permissionsOf(told, role).publish.allow.filter((one) => /^(?:DLQ|failed)/.test(one));
      expect(found, role).toEqual(role === 'runner' ? ['DLQ.mailer', 'failed'] : []);
    }
  });

  test('who reads the stored events may listen to them too; an operator acknowledges for groups, and for no consumer of ours', () => {
    for (const role of ['operator', 'viewer'] as const) {
      expect(permissionsOf(config, role).subscribe.allow).toEqual([`_INBOX_${role}.>`, 'events.>']);
    }
    const { allow, deny } = permissionsOf(config, 'operator').publish;
    expect(allow).toContain('$JS.ACK.events.*.>');
    expect(deny).toContain(`$JS.ACK.events.${config.consumers[0]?.name}.>`);
    for (const role of roles.filter((one) => one !== 'operator')) {
      expect(permissionsOf(config, role).publish.allow, role).not.toContain('$JS.ACK.events.*.>');
    }
  });

  test('a viewer sends nothing but questions', () => {
    const { allow, deny } = permissionsOf(config, 'viewer').publish;
    const questions =
      /^\$JS\.API\.(?:INFO$|STREAM\.(?:INFO|LIST|NAMES|MSG\.GET)|CONSUMER\.(?:INFO|LIST)|DIRECT\.GET)\b|^\$SYS\.REQ\.USER\.INFO$/;
    expect(allow.filter((subject) => !questions.test(subject))).toEqual([]);
    expect(deny).toBeUndefined();
  });

  test('an operator reads through consumers, but never through those of the pipeline', () => {
    for (const verb of ['CREATE', 'MSG.NEXT', 'DELETE']) {
      expect(mayPublish('operator', `$JS.API.CONSUMER.${verb}.dead.reader-1`), verb).toBe(true);
      for (const { stream, name } of desiredTopology(config).consumers) {
        expect(mayPublish('operator', `$JS.API.CONSUMER.${verb}.${stream}.${name}`), name).toBe(false);
      }
    }
  });

  test("a runner's records and pointers are about the consumers of the config", () => {
    const subjects: readonly (readonly [string, boolean])[] = [
      ['events-advisories.business.ATTEMPT_FAILED.mailer.1.main.0', true],
      ['events-advisories.business.ATTEMPT_FAILED.other.1.main.0', false],
      ['events-advisories.business.REPLAYED.mailer.1.dlq.1', false],
      // The exhaustion of a consumer that the config no longer has is routed to the DLQ.
      ['events-advisories.business.ROUTED.other.1.main.0', true],
      ['graves.other.1', true],
      ['events-retry.billing.1', true],
      ['events-retry.other.1', false],
      ['$JS.ACK.events.mailer.1.1.1.1.0', true],
      ['$JS.ACK.hub.hash.events.mailer.1.1.1.1.0', true],
      ['$JS.ACK.events.other.1.1.1.1.0', false],
    ];
    for (const [subject, may] of subjects) expect(mayPublish('runner', subject), subject).toBe(may);
  });

  test('an external consumer: its exhaustions and dead letters, but neither its messages nor its acks', () => {
    const outside = { ...config, external: makeConfig({ external: [{ name: 'rust-worker' }] }).external };
    const { publish, subscribe } = permissionsOf(outside, 'runner');
    const subjects: readonly (readonly [string, boolean])[] = [
      ['$JS.API.CONSUMER.MSG.NEXT.events.rust-worker', false],
      ['$JS.ACK.events.rust-worker.1.1.1.1.0', false],
      ['$JS.API.CONSUMER.MSG.NEXT.dead.rust-worker-dlq', true],
      ['$JS.API.CONSUMER.INFO.events.rust-worker', true],
      ['events-advisories.business.MAX_DELIVERIES.rust-worker.1.main.0', true],
      ['events-advisories.business.ATTEMPT_FAILED.rust-worker.1.main.0', false],
      ['events-retry.rust-worker.1', false],
    ];
    for (const [subject, may] of subjects) {
      expect(
        publish.allow.some((filter) => subjectMatches(filter, subject)),
        subject,
      ).toBe(may);
    }
    expect(subscribe.allow).toEqual([
      '_INBOX_runner.>',
      '$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES.events.rust-worker',
      '$JS.EVENT.ADVISORY.CONSUMER.MSG_TERMINATED.events.rust-worker',
    ]);
  });

  test('no subject is named that another one contains', () => {
    for (const role of roles) {
      const { allow } = permissionsOf(config, role).publish;
      const twice = allow.filter((one) => allow.some((other) => other !== one && subjectMatches(other, one)));
      expect(twice, role).toEqual([]);
    }
  });

  test('a user, an inbox prefix and an API prefix of their own', () => {
    const options = { user: 'ann smith', apiPrefix: '$JS.hub.API' };
    const ann = permissionsOf(config, 'viewer', options);
    expect(ann).toMatchObject({ user: 'ann smith', inboxPrefix: '_INBOX_ann_smith' });
    expect(ann.publish.allow.filter((subject) => !subject.startsWith('$JS.hub.API.'))).toEqual([
      '$SYS.REQ.USER.INFO',
    ]);
    expect(permissionsOf(config, 'viewer', { inboxPrefix: 'in.x' }).subscribe.allow).toEqual([
      'in.x.>',
      'events.>',
    ]);
    for (const [wrong, why] of [
      [{ inboxPrefix: 'in.>' }, 'it has a wildcard'],
      [{ apiPrefix: '' }, 'it is empty'],
    ] as const) {
      expect(() => permissionsOf(config, 'viewer', wrong)).toThrow(why);
    }
  });
});

describe('as text', () => {
  const some = {
    ...permissionsOf(config, 'viewer', { user: "o'neil" }),
    publish: { allow: ['a.>', 'b,"c"'], deny: ['a.b'] },
  };

  test('a block of a nats-server configuration', () => {
    expect(renderServerPermissions(some)).toBe(String.raw`permissions {
  publish {
    allow: [
      "a.>"
      "b,\"c\""
    ]
    deny: [
      "a.b"
    ]
  }
  subscribe {
    allow: [
      "_INBOX_o_neil.>"
      "events.>"
    ]
  }
}`);
  });

  test('an nsc command', () => {
    expect(renderNscPermissions(some)).toBe(String.raw`nsc add user --name 'o'\''neil' \
  --allow-pub 'a.>' \
  --allow-pub '"b,""c"""' \
  --deny-pub 'a.b' \
  --allow-sub '_INBOX_o_neil.>' \
  --allow-sub 'events.>'`);
  });
});
