import { UnreachableError } from './errors.js';
import { inDomain } from './home.js';
import { suggestCommand, suggestFlag } from '../suggestion.js';

interface StreamPlace {
  readonly stream?: string | undefined;
  readonly domain?: string | undefined;
}

/** A stream of another JetStream domain answered, and the one that was meant did not. */
export class WrongDomainError extends UnreachableError {
  constructor(what: string, cause: unknown, meant: StreamPlace, answered: StreamPlace) {
    const wanted = meant.stream === undefined ? 'its stream' : `the stream "${meant.stream}"`;
    const found = `the stream "${answered.stream ?? ''}" ${inDomain(answered.domain)}`;
    super(what, cause, `${wanted} ${inDomain(meant.domain)} did not answer, but ${found} did`, {
      code: 'WRONG_DOMAIN',
      suggestions: [
        suggestCommand('pipeline apply', { why: 'create the stream in the intended domain' }),
        ...(answered.domain
          ? [suggestFlag('js-domain', answered.domain, 'or work in the other domain')]
          : []),
      ],
    });
    this.answeredFrom = answered.domain;
  }
  readonly answeredFrom: string | undefined;
}
