import type { TlsFiles } from '../nats/connect/target.js';
import { UsageError } from '../errors.js';
import { requireFile } from './credentials.js';
import { flagName, type TargetOptions } from './target-options.js';

interface Files {
  readonly caFile?: string | undefined;
  readonly certFile?: string | undefined;
  readonly keyFile?: string | undefined;
}

/**
 * The files and options of TLS: of the flags, the variables and the context, in the order in which servers are taken.
 * Undefined: TLS is used where the server wants it.
 */
export async function tlsOf(
  { flags, environment, called = flagName }: TargetOptions,
  fromContext: TlsFiles | undefined,
  forced: boolean,
): Promise<TlsFiles | undefined> {
  const { natsCa, natsCert, natsKey } = environment;
  const file = async (from: string, written: string | undefined) =>
    written === undefined ? undefined : requireFile(from, written, environment);
  const byFlag = {
    caFile: await file(called('tlsca'), flags.tlsca),
    certFile: await file(called('tlscert'), flags.tlscert),
    keyFile: await file(called('tlskey'), flags.tlskey),
  };
  const byVariable = {
    caFile: await file('NATS_CA', natsCa),
    certFile: await file('NATS_CERT', natsCert),
    keyFile: await file('NATS_KEY', natsKey),
  };
  if ((natsCert === undefined) !== (natsKey === undefined)) {
    const [given, missing] = natsCert === undefined ? ['NATS_KEY', 'NATS_CERT'] : ['NATS_CERT', 'NATS_KEY'];
    throw new UsageError(`${given} is given without ${missing}: a certificate needs its key`);
  }
  const below = [byVariable, fromContext ?? {}];
  const layers: readonly Files[] = [byFlag, ...(flags.context === undefined ? below : below.toReversed())];
  const caFile = layers.find((one) => one.caFile !== undefined)?.caFile;
  // A certificate and its key come from the same place.
  const { certFile, keyFile } = layers.find((one) => one.certFile !== undefined) ?? {};
  const first = flags['tls-first'] ?? fromContext?.first;
  if (!forced && caFile === undefined && certFile === undefined && first === undefined) return undefined;
  return {
    ...(caFile === undefined ? {} : { caFile }),
    ...(certFile === undefined ? {} : { certFile }),
    ...(keyFile === undefined ? {} : { keyFile }),
    ...(first === undefined ? {} : { first }),
  };
}
