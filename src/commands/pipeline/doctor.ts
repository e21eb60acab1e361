import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../lib/cli/base-command.js';
import { viewOf } from '../../lib/cli/output/view.js';
import { diagnose } from '../../lib/doctor/diagnose.js';
import type { Finding } from '../../lib/doctor/finding.js';
import { UsageError } from '../../lib/errors.js';
import { systemClock } from '../../lib/flow/clock.js';
import { HttpClient } from '../../lib/http/client.js';
import { renderDiagnosis } from '../../lib/render/diagnosis.js';

/** What `pipeline doctor --json` prints. */
export interface PipelineDoctorResult {
  readonly ok: boolean;
  readonly findings: readonly (Omit<Finding, 'next'> & {
    /** What to do next, as text; null: nothing. */
    readonly next: string | null;
  })[];
}

export default class PipelineDoctor extends BaseCommand<typeof PipelineDoctor> {
  static override summary = 'Say what stands between this machine and a running pipeline.';
  static override description =
    `Looks at one thing after the other, in the order in which they have to be right: config, address, TLS, login, version, JetStream, the account and its limits, each permission of the role, leaders and replicas, storage, streams and consumers against the config, paused consumers, the clock, handler files. Each line says ok, warn or fail, and what to do next.

It changes nothing, and ends within some seconds also where nothing answers. Without a config file it takes the config that was applied to the server, and says what it can without any.

Exit codes: 0 nothing has failed; 1 something has; 2 usage.`;
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --role operator --context prod',
    '<%= config.bin %> <%= command.id %> --monitor http://127.0.0.1:8222 --json',
  ];

  static override flags = {
    role: Flags.option({ options: ['runner', 'operator', 'viewer'] as const })({
      description: 'whose permissions to look for',
      defaultHelp: async () => 'runner',
    }),
    monitor: Flags.custom<URL>({ parse: async (text) => monitorUrl(text) })({
      description: 'monitoring port of a server, which tells more of its store',
      helpValue: '<url>',
    }),
  };

  async run(): Promise<void> {
    const { context, environment } = this;
    const { role = 'runner', monitor } = this.flags;
    const diagnosis = await diagnose({
      load: () => context.configOfFile(),
      target: (config) => context.target(config, doctorTimeoutMs),
      applied: (link) => context.configApplied(link),
      role,
      monitor,
      http: new HttpClient(environment),
      clock: systemClock,
    });
    const { ok, findings } = diagnosis;
    const result: PipelineDoctorResult = {
      ok,
      findings: findings.map((one) => ({ ...one, next: one.next === null ? null : this.inWords(one.next) })),
    };
    this.output(result, () =>
      renderDiagnosis(diagnosis, viewOf(process.stdout, this.colors), (next) => this.inWords(next)),
    );
    if (!ok) process.exitCode = 1;
  }
}

/** So long a server may take to answer, ms: it is asked a few times. `--timeout` is stronger. */
const doctorTimeoutMs = 2000;

function monitorUrl(text: string): URL {
  if (/^https?:/i.test(text) && URL.canParse(text)) return new URL(text);
  throw new UsageError(`--monitor: expected http://<host>:8222, found "${text}"`);
}
