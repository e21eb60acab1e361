import { isIP } from 'node:net';
import { escapeLine } from '../domain/escape.js';
import { UsageError } from '../errors.js';

/** Where something listens. */
export interface ListenAddress {
  /** A name, or an address without brackets. */
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
}

const loopback = '127.0.0.1';
const hostName = /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/i;

/** Reads `127.0.0.1:9464`, `[::1]:9464`, `localhost:9464`, or a port alone, which is one of 127.0.0.1. @throws UsageError */
export function parseListenAddress(text: string, name = '--http'): ListenAddress {
  const parts = /^(?:(\[[^\]]*\]|[^:[\]]*):)?(\d{1,5})$/.exec(text);
  const port = Number(parts?.[2]);
  const given = parts?.[1];
  if (!parts || port > 65_535) throw notAnAddress(text, name);
  if (given === undefined) return { host: loopback, port };
  const host = given.replace(/^\[|\]$/g, '');
  const isAddress = given.startsWith('[') ? isIP(host) === 6 : isIP(host) === 4 || hostName.test(host);
  if (!isAddress) throw notAnAddress(text, name);
  return { host, port };
}

/** As a URL has it. */
export function urlOf({ host, port }: ListenAddress): string {
  return `http://${isIP(host) === 6 ? `[${host}]` : host}:${port}`;
}

function notAnAddress(text: string, name: string): UsageError {
  const suggestions = /^:\d+$/.test(text)
    ? [`for this machine alone: ${loopback}${text}`, `for every network that it is in: 0.0.0.0${text}`]
    : [];
  return new UsageError(
    `${name}: expected <host>:<port> or a port from 0 to 65535, found "${escapeLine(text)}"`,
    { suggestions },
  );
}
