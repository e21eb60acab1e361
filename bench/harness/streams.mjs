import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';

/** Runs `work` with a connection of the plain client library and its manager. */
export async function withManager(server, work) {
  const nc = await connect({ servers: server.url });
  try {
    return await work(await jetstreamManager(nc), nc);
  } finally {
    await nc.close();
  }
}

/** An empty stream on file, one replica; replaces one of that name. */
export async function freshStream(server, fields) {
  await withManager(server, async (jsm) => {
    await jsm.streams.delete(fields.name).catch(() => {});
    await jsm.streams.add({ storage: 'file', num_replicas: 1, allow_direct: true, ...fields });
  });
}

/** What a stream holds: `{messages, subjects, lastSeq}`. */
export async function streamState(server, name) {
  return withManager(server, async (jsm) => {
    const { state } = await jsm.streams.info(name);
    return { messages: state.messages, lastSeq: state.last_seq, firstSeq: state.first_seq };
  });
}
