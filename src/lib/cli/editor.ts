import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EditableEvent, editorText, readEditorText } from '../domain/edit.js';
import { OperationError } from '../errors.js';

/**
 * Lets a person edit an event in their editor: a file that nobody else can read, and that is removed. Undefined: it was
 * left as it was.
 *
 * Throws OperationError `EDIT_INVALID` (exit code 1) for a text that can't be read; the file is kept then, and named.
 */
export async function editInEditor(
  event: EditableEvent,
  about: string,
  editor = 'vi',
): Promise<EditableEvent | undefined> {
  const folder = await mkdtemp(join(tmpdir(), 'plutomi-edit-'));
  const file = join(folder, 'event.json');
  const notes = [
    about,
    'Change headers and data, save, and leave the editor; leave it unchanged to do nothing.',
  ];
  const text = `${notes.map((line) => `// ${line}\n`).join('')}${editorText(event)}`;
  await writeFile(file, text, { mode: 0o600 });
  let isKept = false;
  try {
    await open(editor, file);
    const edited = await readFile(file, 'utf8');
    if (edited === text) return undefined;
    const read = readEditorText(edited);
    if (read.ok) return read.value;
    isKept = true;
    throw new OperationError(`what was edited can't be read: ${read.reason}. It is kept in ${file}`, {
      code: 'EDIT_INVALID',
    });
  } finally {
    if (!isKept) await rm(folder, { recursive: true, force: true });
  }
}

/** An editor may have arguments, as in `code --wait`. */
async function open(editor: string, file: string): Promise<void> {
  const child =
    process.platform === 'win32'
      ? spawn(`${editor} "${file}"`, { stdio: 'inherit', shell: true })
      : spawn('sh', ['-c', `${editor} "$1"`, 'sh', file], { stdio: 'inherit' });
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  if (code === 0) return;
  const how = code === null ? `was ended by ${signal}` : `ended with ${code}`;
  throw new OperationError(`nothing was edited: the editor ${editor} ${how}`, {
    code: 'EDIT_INVALID',
    suggestions: ['name another editor with the variable VISUAL or EDITOR'],
  });
}
