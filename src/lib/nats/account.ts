import { JetStreamApiError } from '@nats-io/jetstream';
import { translateError } from './errors.js';
import type { Link } from './link.js';
import { type ApiError, readAnswer } from './wire/stored-message.js';

/** Subjects of one direction, as the server has them for a user; nothing allowed: everything. */
export interface OwnPermissions {
  readonly allow?: readonly string[];
  readonly deny?: readonly string[];
}

/** What the server says of the user of a connection. */
export interface OwnUser {
  readonly user?: string;
  readonly account?: string;
  readonly publish: OwnPermissions;
  readonly subscribe: OwnPermissions;
  /** The server's time, RFC 3339. */
  readonly serverTime?: string;
}

/** What an account uses of JetStream, and may use; -1: no limit. In bytes, where it is not a number of something. */
export interface AccountUse {
  readonly storage: number;
  readonly memory: number;
  readonly streams: number;
  readonly consumers: number;
  readonly limits: {
    readonly max_storage: number;
    readonly max_memory: number;
    readonly max_streams: number;
    readonly max_consumers: number;
  };
  /** Where the account has limits for each number of replicas: those are told apart, and not here. */
  readonly tiers?: object;
}

interface UserAnswer {
  readonly server?: { readonly time?: string };
  readonly data?: {
    readonly user?: string;
    readonly account?: string;
    readonly permissions?: { readonly publish?: OwnPermissions; readonly subscribe?: OwnPermissions };
  };
}

/** Asks the server who this is, and what it may do. @throws ConnectionError `NOT_ALLOWED`, `UNREACHABLE` */
export async function readOwnUser(link: Link): Promise<OwnUser> {
  const { server, data } = (await request(link, 'ask who this user is', '$SYS.REQ.USER.INFO')) as UserAnswer;
  const { user, account, permissions = {} } = data ?? {};
  return {
    ...(user === undefined ? {} : { user }),
    ...(account === undefined ? {} : { account }),
    publish: permissions.publish ?? {},
    subscribe: permissions.subscribe ?? {},
    ...(server?.time === undefined ? {} : { serverTime: server.time }),
  };
}

/** Asks what the account uses of JetStream. @throws ConnectionError `NOT_ALLOWED`, `NO_JETSTREAM`, `UNREACHABLE` */
export async function readAccountUse(link: Link): Promise<AccountUse> {
  const what = 'ask what the account may use';
  const answer = (await request(link, what, `${link.apiPrefix}.INFO`)) as AccountUse & { error?: ApiError };
  if (answer.error) throw translateError(new JetStreamApiError(answer.error), what);
  return answer;
}

async function request(link: Link, what: string, subject: string): Promise<object> {
  try {
    return readAnswer(await link.nc.request(subject, '', { timeout: link.target.timeoutMs })) as object;
  } catch (error) {
    throw translateError(error, what);
  }
}
