import { constants } from 'node:fs';
import { type FileHandle, link, open, realpath, rename, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { messageOf, OperationError } from '../../errors.js';

/** What file systems without hard links answer. */
const noLinks = ['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EXDEV'];

/**
 * A file that has its name when all of it is written, and not before. One that has the name stays until then, and is
 * replaced only with `force`. What is no file, like /dev/stdout or a pipe, is written to as it is.
 */
export class OutputFile {
  private constructor(
    private readonly file: string,
    private readonly force: boolean,
    private readonly handle: FileHandle,
    /** Where it is until it is complete; undefined: in its place. */
    private readonly part: string | undefined,
  ) {}

  /** `name` must be one that nothing else has. Throws OperationError `FILE_EXISTS` and `OUTPUT_LOST`. */
  static async create(written: string, name: string, force: boolean): Promise<OutputFile> {
    // A link leads to the file that is meant.
    const file = await realpath(written).catch(() => path.resolve(written));
    const there = await stat(file).catch(() => undefined);
    if (there?.isFile() && !force) throw exists(file);
    const part =
      there && !there.isFile() ? undefined : `${path.dirname(file)}/.${path.basename(file)}.${name}`;
    try {
      // Events may hold what is nobody else's business.
      const handle = part === undefined ? await open(file, 'w') : await open(part, 'wx', privately);
      return new OutputFile(file, force, handle, part);
    } catch (error) {
      throw cannotWrite(file, error);
    }
  }

  async write(text: string): Promise<void> {
    await this.handle.appendFile(text).catch((error: unknown) => {
      throw cannotWrite(this.file, error);
    });
  }

  /** All was written: it gets its name. Throws OperationError `FILE_EXISTS` when another one has it by now. */
  async keep(): Promise<void> {
    try {
      if (this.part !== undefined) await this.handle.sync();
      await this.handle.close();
      if (this.part === undefined) return;
      if (!this.force) await this.takeName(this.part);
      else await rename(this.part, this.file);
    } catch (error) {
      throw error instanceof OperationError ? error : cannotWrite(this.file, error);
    }
  }

  /** Nothing is left of it, unless it was kept. */
  async drop(): Promise<void> {
    await this.handle.close().catch(() => {});
    if (this.part !== undefined) await rm(this.part, { force: true }).catch(() => {});
  }

  private async takeName(part: string): Promise<void> {
    try {
      await link(part, this.file);
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      if (code === 'EEXIST') throw exists(this.file);
      if (!noLinks.includes(code)) throw error;
      if (await stat(this.file).catch(() => undefined)) throw exists(this.file);
      await rename(part, this.file);
    }
  }
}

const privately = constants.S_IRUSR | constants.S_IWUSR;

function exists(file: string): OperationError {
  return new OperationError(`${file} is there already`, {
    code: 'FILE_EXISTS',
    suggestions: ['replace it with --force, or name another file'],
  });
}

function cannotWrite(file: string, error: unknown): OperationError {
  return new OperationError(`can't write ${file}: ${reasonOf(error)}`, { code: 'OUTPUT_LOST', cause: error });
}

function reasonOf(error: unknown): string {
  switch ((error as NodeJS.ErrnoException).code) {
    case 'ENOENT':
      return 'there is no such folder';
    case 'EISDIR':
      return 'it is a folder';
    default:
      return messageOf(error);
  }
}
