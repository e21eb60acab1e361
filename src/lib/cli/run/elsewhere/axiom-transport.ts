import { createRequire } from 'node:module';
import { parentPort } from 'node:worker_threads';

/** What a server answers may be a page. */
const mostText = 500;

/** What the thread is given. */
export interface AxiomThread {
  /** Where @axiomhq/pino was found: the absolute path of a file of it. */
  readonly module: string;
  readonly dataset: string;
  readonly token: string;
  readonly orgId?: string;
  readonly url?: string;
}

interface AxiomModule {
  readonly default: (options: object) => Promise<unknown>;
}

/**
 * The transport of @axiomhq/pino, which would print its errors with their stacks: here they are told to the thread that
 * logs. The shape of what is posted is that of thread-stream.
 */
export default async function axiomTransport({ module, ...options }: AxiomThread): Promise<unknown> {
  const load = createRequire(module);
  const { default: start } = load('@axiomhq/pino') as AxiomModule;
  const tell = (name: string, arg: string): void => {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread, not a window
    parentPort?.postMessage({ code: 'EVENT', name, args: [arg] });
  };
  const request = async (...words: Parameters<typeof fetch>): Promise<Response> => {
    const response = await fetch(...words);
    if (response.ok) tell('sent', '');
    return response;
  };
  return start({ ...options, fetch: request, onError: (error: unknown) => tell('failed', messageOf(error)) });
}

function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  return text.slice(0, mostText);
}
