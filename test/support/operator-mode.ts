import { createAccount, createOperator, createUser, type KeyPair } from '@nats-io/nkeys';
import { encodeAccount, encodeOperator, encodeUser, fmtCreds } from '@nats-io/jwt';

/** An operator with one account for pipelines. */
export interface OperatorMode {
  /** A nats-server configuration: the accounts' tokens stand in it. */
  readonly config: string;
  /** The contents of a creds file of a user of that account; `expiresAt` in seconds since 1970. */
  creds(options?: { readonly expiresAt?: number; readonly publish?: readonly string[] }): Promise<string>;
}

const unlimited = { subs: -1, data: -1, payload: -1, conn: -1, leaf: -1, imports: -1, exports: -1 };
const jetstream = { mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 };

export async function operatorMode(): Promise<OperatorMode> {
  const [operator, system, account] = [createOperator(), createAccount(), createAccount()];
  const operatorJwt = await encodeOperator('test', operator, { system_account: system.getPublicKey() });
  const token = (name: string, keys: KeyPair, limits: object) =>
    encodeAccount(name, keys, { limits }, { signer: operator });
  const systemJwt = await token('SYS', system, unlimited);
  const accountJwt = await token('APP', account, { ...unlimited, ...jetstream, wildcards: true });
  return {
    config: `
      operator: ${operatorJwt}
      system_account: ${system.getPublicKey()}
      resolver: MEMORY
      resolver_preload: { ${system.getPublicKey()}: ${systemJwt}, ${account.getPublicKey()}: ${accountJwt} }`,
    creds: async ({ expiresAt, publish } = {}) => {
      const user = createUser();
      const permissions = publish === undefined ? {} : { pub: { allow: [...publish] } };
      const jwt = await encodeUser(
        'worker',
        user,
        account,
        { ...permissions, subs: -1, data: -1, payload: -1 },
        expiresAt === undefined ? {} : { exp: expiresAt },
      );
      return new TextDecoder().decode(fmtCreds(jwt, user));
    },
  };
}
