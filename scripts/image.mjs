// Carries out the Dockerfile's steps without a container engine: each stage is a folder, COPY copies what .dockerignore
// lets through, RUN runs there. Then starts what the image would start, with a nats-server, and asks its health check.
// It shows that the steps work; not the base image, the user, or the limits of a container.
import { execFileSync, spawn } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { readDockerfile, wordsOf } from './dockerfile.mjs';
import { root } from './places.mjs';
import { locate } from './server.mjs';

const folder = mkdtempSync(join(tmpdir(), 'plutomi-image-'));
process.on('exit', () => rmSync(folder, { recursive: true, force: true }));
const stages = new Map();
for (const stage of readDockerfile(readFileSync(join(root, 'Dockerfile'), 'utf8'))) build(stage);
await start([...stages.values()].at(-1));

function build({ name, from, steps }) {
  const base = stages.get(from);
  const image = {
    at: join(folder, name),
    workdir: '/',
    env: {},
    ...(base ? { ...base, at: join(folder, name) } : {}),
  };
  image.env = { ...image.env };
  mkdirSync(image.at);
  if (base) cpSync(base.at, image.at, { recursive: true, verbatimSymlinks: true });
  stages.set(name, image);
  for (const step of steps) {
    process.stderr.write(`${name}: ${step.word} ${step.text}\n`);
    carryOut(step, image);
  }
}

function carryOut({ word, flags, text }, image) {
  const inside = (path) => join(image.at, resolve(image.workdir, path));
  if (word === 'WORKDIR') {
    image.workdir = resolve(image.workdir, text);
    mkdirSync(inside('.'), { recursive: true });
  } else if (word === 'COPY') copy(text.split(' '), flags.from && stages.get(flags.from), inside);
  else if (word === 'ENV') {
    for (const pair of text.split(' ')) {
      const [name, value] = pair.split('=');
      image.env[name] = value;
    }
  } else if (word === 'RUN') {
    execFileSync('sh', ['-ec', text], { cwd: inside('.'), env: envOf(image), stdio: ['ignore', 2, 2] });
  } else if (word === 'HEALTHCHECK')
    image.health = wordsOf(text.slice(text.indexOf('CMD')).replace(/.*?CMD/, 'CMD'));
  else if (word === 'ENTRYPOINT') image.entrypoint = wordsOf(text);
  else if (word === 'CMD') image.command = wordsOf(text);
}

function copy(words, stage, inside) {
  const target = words.pop();
  for (const word of words) {
    const source = stage ? join(stage.at, word) : join(root, word);
    const isFolder = word.endsWith('/') || word === '.' || (!stage && !/\.\w+$/.test(word));
    const to = isFolder ? inside(target) : join(inside(target), word.split('/').at(-1));
    const ignored = stage ? () => false : ignores();
    cpSync(source, to, { recursive: true, filter: (file) => !ignored(relative(root, file)) });
  }
}

/** What .dockerignore leaves out of the context. */
function ignores() {
  const lines = readFileSync(join(root, '.dockerignore'), 'utf8').split('\n');
  const patterns = lines.filter((line) => line !== '' && !line.startsWith('#'));
  return (file) => patterns.some((pattern) => file === pattern || matches(file, pattern));
}

function matches(file, pattern) {
  const name = pattern.replace(/^\*\*\//, '');
  const parts = pattern.startsWith('**/') ? file.split('/') : [file.split('/')[0]];
  const regex = new RegExp(`^${name.replaceAll('.', '\\.').replaceAll('*', '[^/]*')}$`);
  return parts.some((part) => regex.test(part));
}

/** The environment that the image gives, with paths of the stage's folder. */
function envOf(image) {
  const { PATH, HOME = folder } = process.env;
  const said = Object.entries(image.env).map(([name, value]) => [
    name,
    value.replace('$PATH', PATH).replace(/^\/opt/, join(image.at, 'opt')),
  ]);
  return {
    PATH,
    HOME,
    npm_config_cache: process.env.npm_config_cache ?? join(HOME, '.npm'),
    ...Object.fromEntries(said),
  };
}

async function start(image) {
  const cwd = join(image.at, image.workdir);
  const server = await locate();
  const env = {
    ...envOf(image),
    NATS_SERVER_BIN: server.path,
    SMTP_URL: 'smtp://127.0.0.1:1',
    XDG_CACHE_HOME: join(folder, 'cache'),
  };
  const [program, ...words] = [...image.entrypoint, ...image.command, '--embedded', '--apply'];
  const running = spawn(program, words, { cwd, env, stdio: ['ignore', 'pipe', 2] });
  for await (const chunk of running.stdout) {
    process.stderr.write(chunk);
    if (String(chunk).includes('pipeline runs')) break;
  }
  const [check, ...asked] = image.health;
  execFileSync(check, asked, { env, stdio: ['ignore', 2, 2] });
  process.stderr.write('healthy\n');
  running.kill('SIGTERM');
  const code = await new Promise((ended) => running.on('exit', ended));
  if (code !== 0) throw new Error(`it ended with ${code}`);
  process.stdout.write('the steps of the Dockerfile work: it runs, is healthy, and ends with 0\n');
}
