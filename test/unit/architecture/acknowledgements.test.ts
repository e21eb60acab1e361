import { beforeAll, expect, test } from 'vitest';
import type { ESTree } from 'vite';
import { importsOf } from '../../support/imports-of.js';
import { literalOf, memberOf, nameOf, parseSource, readSources, type Source } from '../../support/syntax.js';

const acknowledging = ['lib/nats/consume/delivery.ts', 'lib/waterfall/worker/settle.ts'];

/** Asks whether a server answers for a consumer, about a message that no stream has: it acknowledges none. */
const probing = 'lib/topology/diff/other-domains.ts';

/** What the others may take from there: no way to say a verdict. */
const harmless = ['Delivery', 'isAckOf'];

const methods = ['ack', 'ackAck', 'nak', 'term', 'working'];

let sources: Source[] = [];

beforeAll(async () => {
  sources = await readSources();
});

/** What acknowledges, or comes near it, where it must not. */
function acknowledgementsIn(source: Source): string[] {
  if (acknowledging.includes(source.file)) return [];
  const taken = importsOf(source)
    .filter(({ from }) => from !== undefined && /(^|\/)delivery(\.js)?$/.test(from))
    .flatMap(({ names }) => names.filter(({ name, isType }) => !isType && !harmless.includes(name)))
    .map(({ name }) => `${source.file} imports ${name}`);
  const said = source.places.flatMap(({ node }) => wordOf(node, source.file) ?? []);
  return [...taken, ...said.map((word) => `${source.file}: ${word}`)];
}

function wordOf(node: ESTree.Node, file: string): string | undefined {
  if (nameOf(node) === 'replySubject') return 'replySubject';
  const literal = literalOf(node);
  if (literal !== undefined && /^[+-](ACK|NAK|TERM|NXT|WPI)/.test(literal) && file !== probing)
    return literal;
  if (node.type === 'MemberExpression') {
    const name = memberOf(node) ?? '';
    const { object } = node;
    const owner = object.type === 'MemberExpression' ? memberOf(object) : nameOf(object);
    // A Settler's are the ones to call.
    return methods.includes(name) && owner !== 'settler' ? `.${name}` : undefined;
  }
  if (node.type !== 'ObjectPattern') return undefined;
  const keys = node.properties.map((one) => (one.type === 'Property' ? (nameOf(one.key) ?? '') : ''));
  return keys.find((key) => key !== 'ack' && methods.includes(key));
}

test('sources acknowledge in waterfall/worker/settle only', () => {
  expect(sources.flatMap(acknowledgementsIn)).toEqual([]);
  // Both files, and the probe, do what is looked for.
  const elsewhere = [...acknowledging, probing].map((file) => sources.find((source) => source.file === file));
  const found = elsewhere.map(
    (source) => source && acknowledgementsIn({ ...source, file: 'lib/other.ts' }).length > 0,
  );
  expect(found).toEqual([true, true, true]);
});

test.each([
  'message.ack();',
  'message.nak(1000);',
  "message.term('bad');",
  'message?.working();',
  "message['nak'](1000);",
  '(message as JsMsg).ackAck();',
  'await this.message.ackAck({ timeout: 1 });',
  'list.forEach(message.ack);',
  'const { nak } = message;',
  "link.send(delivery.replySubject, '+ACK');",
  'link.send(delivery.replySubject, verdict);',
  "link.send(delivery['replySubject'], verdict);",
  'const { replySubject } = delivery;',
  'const { replySubject: to } = delivery;',
  "link.send(to, '+ACK');",
  'link.send(to, `-NAK {"delay": ${ms}}`);',
  'link.send(to, `+TERM ${why}`);',
  "link.send(to, Buffer.from('+WPI'));",
  "import { tell } from '../nats/consume/delivery.js';",
  "import { tell as say } from '../nats/consume/delivery.js';",
  "import { type Delivery, tellConfirmed } from '../nats/consume/delivery.js';",
  "import { nakVerdict } from './delivery.js';",
  "import * as delivery from '../nats/consume/delivery.js';",
  "export { tell } from '../nats/consume/delivery.js';",
  "export * from '../nats/consume/delivery.js';",
  "const { tell } = await import('../nats/consume/delivery.js');",
])('found: %s', async (text) => {
  expect(acknowledgementsIn(await parseSource(text))).not.toEqual([]);
});

test('what only looks alike is not refused', async () => {
  const source = await parseSource(`
    import { Delivery, isAckOf } from '../nats/consume/delivery.js';
    import type { Verdict } from '../nats/consume/delivery.js';
    const ack = await worker.settler.ack(held);
    this.settler.nak(held, 0);
    const { ack: stored } = published;
    f(ack.seq, '-5', 'ACK');
  `);
  expect(acknowledgementsIn(source)).toEqual([]);
});
