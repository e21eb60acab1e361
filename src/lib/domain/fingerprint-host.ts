import { hostEndings } from './fingerprint-words.js';

const label = /^_?[a-z0-9*](?:[a-z0-9_-]{0,62}[a-z0-9])?$/;
const anyCase = /^_?[\w*](?:[\w-]{0,62}\w)?$/;

/** The name of a host, by how it ends. */
export function isHost(labels: readonly string[]): boolean {
  const last = labels.at(-1) ?? '';
  if (labels.length < 2 || !hostEndings.has(last)) return false;
  // `Users.Local` is none; `AM0PR04MB1234.prod.outlook.com` is one.
  const form = labels.length > 2 ? anyCase : label;
  return labels.every((one) => form.test(one));
}

/** An address of IPv4 or IPv6, with or without a port, brackets and a zone. */
export function isIp(text: string): boolean {
  if (/^\d{1,3}(?:\.\d{1,3}){3}(?:[:/]\d{1,5})?$/.test(text)) return true;
  const found = /^\[?([0-9a-fA-F:]{2,39}(?:\d{1,3}(?:\.\d{1,3}){3})?)(?:%\w{1,16})?\]?(?::\d{1,5})?$/.exec(
    text,
  );
  const address = found?.[1] ?? '';
  const groups = address.split(':');
  if (groups.length < 3 || groups.some((group) => group.length > 4 && !group.includes('.'))) return false;
  // A time of day has two colons too.
  return address.includes('::') || groups.length >= 6 || text.startsWith('[');
}
