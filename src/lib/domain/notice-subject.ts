const placeholder = '{consumer}';

/** Where a consumer's dead letters are told, e.g. `failed.mailer` of `failed.{consumer}`. */
export function noticeSubject(written: string, consumer: string): string {
  return written.replaceAll(placeholder, () => consumer);
}

/** The first placeholder of a subject that stands for nothing, e.g. `{type}`, or half of one. */
export function unknownPlaceholder(written: string): string | undefined {
  return /\{[^{}]*\}?|\}/.exec(written.replaceAll(placeholder, ''))?.[0];
}
