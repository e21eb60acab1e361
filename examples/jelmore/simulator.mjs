// Sessions as they happen: created, heartbeats, output, file and git activity, and an end.
const queries = ['fix the build', 'write the tests', 'update the docs', 'rename the module'];

/** The events of one session, in order. Every fifth session fails. */
export function sessionEvents(n) {
  const directory = `/work/project-${n}`;
  const fails = n % 5 === 0;
  const steps = [
    { what: 'created', data: { directory, query: queries[n % queries.length] } },
    { what: 'status', data: { status: 'active', uptime_s: 0 } },
    { what: 'output', data: { text: 'I will look at the code first.' } },
    { what: 'directory_changed', data: { from: directory, to: `${directory}/src` } },
    { what: 'file_modified', data: { path: `${directory}/src/main.ts`, bytes: 1200 + n } },
    { what: 'status', data: { status: 'active', uptime_s: 30 } },
    { what: 'git_activity', data: { operation: 'commit', branch: `session-${n}` } },
    { what: 'git_activity', data: { operation: 'push', branch: `session-${n}` } },
    { what: 'output', data: { text: 'Done.' } },
    { what: 'status', data: { status: 'idle', uptime_s: 60 } },
    fails
      ? { what: 'failed', data: { error: 'out of memory' } }
      : { what: 'completed', data: { duration_s: 60 + n } },
  ];
  return steps.map(({ what, data }, i) => ({
    type: `session.${what}`,
    data,
    id: `session-${n}-${i + 1}`,
    correlation: `session-${n}`,
    headers: { Priority: what === 'failed' ? 'high' : 'normal' },
  }));
}
