import { looksSecret } from '../../domain/secrets.js';
import { typesAt } from '../schema/schema-keys.js';
import { type Path, type Problems, show } from './problems.js';

/** Of the environment, by name; empty counts as unset. */
export type Variables = Readonly<Record<string, string | undefined>>;

/** `${NAME}`, `${NAME:-default}`; and, so that it is said, whatever else begins like that. */
const reference = /\$(\$\{)|\$\{(?:([A-Za-z_]\w*)(?::-([^}]*))?\}|)/g;

/**
 * The config with its texts filled in from the environment: `${NAME}`, or `${NAME:-default}`. `$${` is a plain `${`.
 * Where nothing but one of these stands, it may also be a number, true or false, if the schema wants one there.
 */
export function fillIn(value: unknown, variables: Variables, problems: Problems, path: Path = []): unknown {
  if (typeof value === 'string')
    return value.includes('${') ? filled(value, variables, problems, path) : value;
  if (Array.isArray(value)) return value.map((one, i) => fillIn(one, variables, problems, [...path, i]));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => {
      const at = [...path, key];
      if (key.includes('${')) problems.add(at, 'expected a plain key: only values are filled in');
      return [key, fillIn(one, variables, problems, at)];
    }),
  );
}

/** With what the environment says of the pipeline itself, whatever the config says. */
export function overridden(value: unknown, variables: Variables, problems: Problems): unknown {
  const subjectPrefix = variables['NATS_SUBJECT_PREFIX'];
  if (!subjectPrefix || typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  problems.cameFrom(['subjectPrefix'], 'NATS_SUBJECT_PREFIX');
  return { ...value, subjectPrefix };
}

function filled(written: string, variables: Variables, problems: Problems, path: Path): unknown {
  const used: string[] = [];
  const wrong: string[] = [];
  const text = written.replaceAll(reference, (whole, escaped?: string, name?: string, byDefault?: string) => {
    if (escaped !== undefined) return escaped;
    if (name === undefined) {
      wrong.push(
        `expected \${NAME} or \${NAME:-default}, found ${show(written)}; a plain \${ is written $\${`,
      );
      return whole;
    }
    used.push(name);
    const found = variables[name] || byDefault;
    if (found === undefined) {
      problems.unset.add(name);
      wrong.push(`the environment has no ${name}, and there is no default for it`);
    }
    return found ?? '';
  });
  for (const message of new Set(wrong)) problems.addFilling(path, message);
  if (wrong.length > 0) return undefined;
  if (used.length === 0) return text;
  problems.cameFrom(path, written);
  checkSecret(used, text, problems, path);
  const isAlone = /^\$\{[^}]*\}$/.test(written);
  return isAlone ? typed(text, typesAt(path)) : text;
}

/** What the schema wants where a text is not what it wants. */
function typed(text: string, types: ReadonlySet<string>): unknown {
  if (types.has('string') || types.has('enum')) return text;
  const isNumber = types.has('number') && text.trim() !== '' && Number.isFinite(Number(text));
  if (isNumber) return Number(text);
  const isFlag = types.has('boolean') || types.has('literal');
  return isFlag && (text === 'true' || text === 'false') ? text === 'true' : text;
}

/** Names that say that the value is one. */
const secretName = /(?:^|_)(?:PASS|PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|SEED|CREDS|CREDENTIALS|KEY)$/i;

/**
 * What `pipeline apply` stores can be read by all who may read the streams. Where the server is, where else it is logged
 * to, handlers and webhooks (all but their host) are not stored.
 */
function checkSecret(names: readonly string[], text: string, problems: Problems, path: Path): void {
  if (path[0] === 'server' || path[0] === 'log' || ['webhook', 'handler'].includes(String(path.at(-1))))
    return;
  const name =
    names.find((one) => secretName.test(one)) ?? (looksSecret(text) ? names.join(', ') : undefined);
  if (name === undefined) return;
  problems.addFilling(
    path,
    `expected no secret, found ${name}: pipeline apply would store its value on the server, for all who may read the streams; give it another name if it is none`,
  );
}
