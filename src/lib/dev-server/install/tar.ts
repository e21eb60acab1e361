const BLOCK_BYTES = 512;
const REGULAR_FILE_TYPES = new Set(['0', '\0']);

/**
 * The content of the first regular file of this name in an unpacked tar archive, whatever folder it is in;
 * undefined when there is none. Reads the plain ustar names that nats-server's releases use.
 */
export function readTarFile(tar: Buffer, fileName: string): Buffer | undefined {
  for (let offset = 0; offset + BLOCK_BYTES <= tar.length; ) {
    const header = tar.subarray(offset, offset + BLOCK_BYTES);
    const path = textOf(header, 0, 100);
    if (path === '') return undefined;
    const sizeBytes = Number.parseInt(textOf(header, 124, 12), 8) || 0;
    const start = offset + BLOCK_BYTES;
    const type = String.fromCharCode(header[156] ?? 0);
    if (REGULAR_FILE_TYPES.has(type) && path.split('/').at(-1) === fileName) {
      const content = tar.subarray(start, start + sizeBytes);
      return content.length === sizeBytes ? content : undefined;
    }
    offset = start + Math.ceil(sizeBytes / BLOCK_BYTES) * BLOCK_BYTES;
  }
  return undefined;
}

function textOf(header: Buffer, start: number, lengthBytes: number): string {
  const field = header.subarray(start, start + lengthBytes);
  const end = field.indexOf(0);
  return field.toString('utf8', 0, end === -1 ? lengthBytes : end).trim();
}
