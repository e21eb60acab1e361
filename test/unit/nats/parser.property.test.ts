import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { compileFunction } from 'node:vm';
import fc from 'fast-check';
import { expect } from 'vitest';
import { property } from '../../support/property.js';

// The bundle makes the client's parser look for the end of a line instead of at each byte.

interface Parsed {
  readonly kind: number;
  readonly msg?: object;
  readonly data?: Uint8Array;
}

interface Parser {
  parse(chunk: Uint8Array): void;
}

type NewParser = new (dispatcher: { push(event: Parsed): void }) => Parser;

const path = createRequire(import.meta.url)
  .resolve('@nats-io/nats-core')
  .replace(/mod\.js$/, 'parser.js');
const source = readFileSync(path, 'utf8');

function parserOf(code: string): NewParser {
  const exports: { Parser?: NewParser } = {};
  compileFunction(code, ['exports', 'require'])(exports, createRequire(path));
  return exports.Parser as NewParser;
}

const replacements = fileURLToPath(new URL('../../../scripts/replacements.mjs', import.meta.url));
const scripts = (await import(replacements)) as { replacedIn: (path: string, code: string) => string };
const ours = parserOf(scripts.replacedIn(path, source));
const theirs = parserOf(source);

/** What a parser makes of these bytes, with the bytes of each part as they are when it is told. */
function parsed(make: NewParser, chunks: readonly Buffer[]): string[] {
  const seen: string[] = [];
  const parser = new make({
    push: ({ kind, msg, data }) => {
      const text = (bytes: unknown): unknown =>
        bytes instanceof Uint8Array ? Buffer.from(bytes).toString('latin1') : bytes;
      const fields = Object.entries(msg ?? {}).map(([name, value]) => [name, text(value)]);
      seen.push(JSON.stringify([kind, fields, text(data)]));
    },
  });
  for (const chunk of chunks) parser.parse(chunk);
  return seen;
}

const token = fc.stringMatching(/^[a-zA-Z0-9_$.-]{1,60}$/);
const bytes = fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.constant(Uint8Array.of(13, 10, 13, 10)));
const space = fc.constantFrom(' ', '  ', '\t');

function message(verb: 'MSG' | 'HMSG'): fc.Arbitrary<Buffer> {
  return fc
    .tuple(token, fc.nat(9999), fc.option(token), bytes, bytes, space)
    .map(([subject, sid, reply, headers, payload, gap]) => {
      const body = verb === 'MSG' ? Buffer.from(payload) : Buffer.concat([headers, payload]);
      const sizes = verb === 'MSG' ? [body.length] : [headers.length, body.length];
      const line = [verb, subject, sid, ...(reply === null ? [] : [reply]), ...sizes].join(gap);
      return Buffer.concat([Buffer.from(`${line}\r\n`), body, Buffer.from('\r\n')]);
    });
}

const plain = fc
  .constantFrom('PING\r\n', 'PONG\r\n', '+OK\r\n', "-ERR 'no'\r\n")
  .map((line) => Buffer.from(line));
const info = fc.json({ maxDepth: 1 }).map((json) => Buffer.from(`INFO ${json}\r\n`));
const stream = fc.array(fc.oneof(message('MSG'), message('HMSG'), plain, info), {
  minLength: 1,
  maxLength: 8,
});

property('the parser tells the same, wherever what arrives is cut', ['in a line', 'in no line'], (seen) =>
  fc.property(stream, fc.array(fc.nat(600), { maxLength: 6 }), (parts, cuts) => {
    const all = Buffer.concat(parts);
    const ends = [...cuts.filter((cut) => cut < all.length), all.length].toSorted((a, b) => a - b);
    const chunks = ends.map((end, i) => all.subarray(ends[i - 1] ?? 0, end));
    const inLine = chunks
      .slice(0, -1)
      .some((chunk) => /(?:MSG|INFO) [^\r\n]*$/.test(chunk.toString('latin1')));
    seen(inLine ? 'in a line' : 'in no line');
    expect(parsed(ours, chunks)).toEqual(parsed(theirs, chunks));
  }),
);
