/** What a question by HTTP is answered with. */
export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

/** One thing that a probe looks at. */
export interface Check {
  readonly name: string;
  /** What is wrong; undefined: nothing. */
  readonly wrong?: string | undefined;
}

const plain = 'text/plain; charset=utf-8';

export function text(status: number, body: string): Answer {
  return { status, type: plain, body: `${body}\n` };
}

/** 200, or 503 where one check fails; as Kubernetes' own probes say it: each check a line with `?verbose`, and where it fails. */
export function probe(name: string, checks: readonly Check[], verbose: boolean): Answer {
  const failed = checks.filter(({ wrong }) => wrong !== undefined);
  if (failed.length === 0 && !verbose) return text(200, 'ok');
  const lines = checks.map((check) =>
    check.wrong === undefined ? `[+]${check.name} ok` : `[-]${check.name} failed: ${check.wrong}`,
  );
  const [status, end] = failed.length === 0 ? [200, 'passed'] : [503, 'failed'];
  return text(status, [...lines, `${name} check ${end}`].join('\n'));
}
