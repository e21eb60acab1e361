import { createHash } from 'node:crypto';

/** Numbers that are the same for the same seed. */
function numbers(seed: string): (below: number) => number {
  let round = 0;
  return (below) => createHash('sha256').update(`${seed} ${round++}`).digest().readUInt32BE(0) % below;
}

type Chance = (below: number) => number;
const pick = <T>(next: Chance, of: readonly T[]): T => of[next(of.length)] as T;
const text = (next: Chance, length: number, alphabet: string): string =>
  Array.from({ length }, () => alphabet[next(alphabet.length)]).join('');

const digits = '0123456789';
const hex = `${digits}abcdef`;
const lower = 'abcdefghijklmnopqrstuvwxyz';
const upper = lower.toUpperCase();
const alnum = digits + lower + upper;
const crockford = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const first = ['alice', 'bob', 'carol', 'dave', 'app_user', 'reporting', 'svc-mailer', 'deploy2', 'Zoë'];
const identifiers = [
  'users',
  'orders_2026',
  'order_items',
  'analytics',
  'events',
  'invoice_lines',
  'tbl_customers',
  'shop',
  'customerId',
  'shipping_address',
  'audit_log_v2',
  'email',
  'sessions',
  'pk_payments',
  'billing',
];
const words = [
  'hello',
  'not-a-date',
  '12.5.2026',
  'N/A',
  'undefined',
  'Müller & Co',
  '42abc',
  'welcome',
  '{{name}}',
  'abc',
];
const hosts = [
  'smtp-a.mail.internal',
  'db1.prod.example.com',
  'redis-master.cache.svc.cluster.local',
  'api.acme.io',
  'localhost',
  'ip-10-2-3-4.eu-west-1.compute.internal',
  'mx.example.net',
  'postgres.local',
  'clickhouse-2.eu.acme.cloud',
];
const paths = [
  '/var/lib/app/uploads/a1b2c3.json',
  '/tmp/upload_8f2b',
  '/app/node_modules/pg/lib/index.js',
  '/home/node/app/dist/handlers/send-mail.js',
  '/data/in/2026-11-29/orders.csv',
  '/etc/ssl/private/key.pem',
  '/srv/files/Jahresbericht.pdf',
];
const at = (next: Chance): Date => new Date(1_764_000_000_000 + next(1_000_000_000));
const octets = (next: Chance): string => [10, next(256), next(256), 1 + next(254)].join('.');
const v6 = (next: Chance): string =>
  pick(next, [
    '::1',
    `fe80::${text(next, 4, hex)}:${text(next, 3, hex)}:1`,
    `2001:db8:${text(next, 4, hex)}::${text(next, 2, hex)}`,
    `2a05:d018:${text(next, 3, '123456789')}:1::5`,
  ]);
const iso = (next: Chance): string => at(next).toISOString();
const uuid = (next: Chance): string => [8, 4, 4, 4, 12].map((length) => text(next, length, hex)).join('-');
const nano = (next: Chance): string => text(next, 21, `${alnum}_-`);
const ident = (next: Chance): string => pick(next, identifiers);
const host = (next: Chance): string => pick(next, hosts);
const count = (next: Chance): string => String(next(10 ** (1 + next(6))));

/** What stands in the place of each slot. */
const makers: Readonly<Record<string, (next: Chance) => string>> = {
  address: (next) => pick(next, [octets, octets, v6])(next),
  ip: octets,
  ip6: v6,
  port: (next) => pick(next, ['25', '465', '587', '2525', String(1024 + next(60_000))]),
  host,
  HOST: (next) => `${text(next, 2, upper)}${next(9)}PR${text(next, 2, digits)}MB${next(10_000)}`,
  domain: (next) => pick(next, ['example.com', 'acme.io', 'mail.example.org', 'xn--bcher-kva.de']),
  uuid,
  hex6: (next) => text(next, 7, hex),
  hex24: (next) => text(next, 24, hex),
  hex32: (next) => text(next, 32, hex),
  hex64: (next) => text(next, 64, hex),
  hexbig: (next) => text(next, 16, hex.toUpperCase()),
  hexdebug: (next) => text(next, 13, hex),
  nano,
  nanolong: (next) => text(next, 140, `${alnum}_-`),
  ulid: (next) => `01J${text(next, 23, crockford)}`,
  cuid: (next) => `c${text(next, 24, lower + digits)}`,
  jwt: (next) => `eyJhbGciOiJIUzI1NiJ9.eyJ${text(next, 60, alnum)}.${text(next, 43, `${alnum}_-`)}`,
  b64: (next) => `${text(next, 55, `${alnum}+/`)}=`,
  b64short: (next) => text(next, 27, `${alnum}_-`),
  email: (next) =>
    `${pick(next, ['alice', 'bob.jones+news', 'o.neill', 'x_y', '4711'])}@${pick(next, ['example.com', 'mail.example.org', 'gmx.de'])}`,
  path: (next) => pick(next, paths),
  sock: (next) =>
    pick(next, ['/var/run/docker.sock', '/tmp/app.sock', '/cloudsql/acme:europe-west1:main/.s.PGSQL.5432']),
  url: (next) =>
    `https://${host(next)}${pick(next, ['/v1/users', `/hooks/${uuid(next)}`, `/a/b?id=${count(next)}&q=x`, ''])}`,
  iso,
  date: (next) => iso(next).slice(0, 10).replaceAll('-', '.'),
  stamp: (next) => iso(next).replaceAll(/[-:]|\.\d+/g, ''),
  stampspace: (next) => `${iso(next).slice(0, 10)} ${iso(next).slice(11, 19)}Z`,
  n: count,
  ms: (next) =>
    pick(next, [`${count(next)}ms`, `${count(next)} ms`, `${next(60)}s`, `${next(60)}.${next(1000)}s`]),
  sec: (next) => `${next(60)}.${text(next, 2, digits)}`,
  gib: (next) => `${next(60)}.${text(next, 2, digits)}`,
  version: (next) => `${next(30)}.${next(12)}.${next(9)}.${next(3000)}`,
  digits12: (next) => text(next, 12, '123456789'),
  ident,
  IDENT: (next) => ident(next).toUpperCase(),
  Type: (next) => pick(next, ['User', 'Order', 'InvoiceLine', 'Customer', 'AuditLog']),
  topic: (next) => pick(next, ['orders.created', 'user-events', 'billing_v2', 'mail.out.dlq']),
  subject: (next) =>
    `events.${pick(next, ['user', 'order', 'totp'])}.${pick(next, ['created', 'requested'])}`,
  first: (next) => pick(next, first),
  word: (next) => pick(next, words),
  words: (next) => `${pick(next, words)} ${pick(next, words)} ${count(next)}`,
  letter: (next) => pick(next, ['<', 'u', 'H', '}', '-']),
  bucket: (next) => pick(next, ['acme-uploads', 'acme-prod-invoices-eu', 'backups.acme.io', 'reports2026']),
  awsid: (next) => text(next, 16, digits + upper),
  awslong: (next) => text(next, 52, digits + upper),
  arn: (next) =>
    `arn:aws:${pick(next, ['sqs', 'sns', 'lambda', 'iam'])}:eu-west-1:${text(next, 12, digits)}:${pick(next, ['orders', 'role/worker', 'function:resize-images', 'user/ci'])}`,
  prefixed: (next) => `${pick(next, ['cus', 'pi', 'req', 'evt', 'sub'])}_${text(next, 14 + next(11), alnum)}`,
  secretkey: (next) => `sk_live_${'*'.repeat(20)}${text(next, 4, alnum)}`,
  org: (next) => `org-${text(next, 24, alnum)}`,
  reqid: (next) => `req_${text(next, 24, alnum)}`,
  ghid: (next) => [4, 6, 7, 7, 8].map((length) => text(next, length, hex.toUpperCase())).join(':'),
  sfid: (next) => `00${next(10)}${text(next, 12, alnum)}AAA`,
  AC: (next) => `AC${text(next, 32, hex)}`,
  SM: (next) => `SM${text(next, 32, hex)}`,
  phone: (next) => `+${text(next, 11, '123456789')}`,
  locale: (next) => pick(next, ['de-CH', 'en-US', 'pt-BR']),
  sku: (next) => pick(next, ['SKU-1042', 'A-77-XL', 'TSHIRT-0091-M']),
};

/** Undefined: it is no slot. */
export function valueOf(slot: string, seed: string): string | undefined {
  return makers[slot]?.(numbers(`${slot} ${seed}`));
}
