/** Why the server gives no messages, and since when, in monotonic milliseconds. */
export interface Silence {
  readonly why: string;
  readonly since: number;
}

/** Whether the server answers when a worker asks for messages. */
export class Answers {
  private silence: (Silence & { readonly isGone: boolean }) | undefined;

  constructor(private readonly monotonic: () => number) {
    this.unsure();
  }

  /** A message, or that there is none now. */
  heard(): void {
    this.silence = undefined;
  }

  /** The connection changed, or is new: whoever is asked now may not be there. */
  unsure(): void {
    this.begin('no answer yet', false);
  }

  /** The server says so. */
  gone(why: string): void {
    this.begin(why, true);
  }

  /** Undefined: it answers, or is not asked, and there is no reason to think that it would not. */
  missing(isAsking: boolean): Silence | undefined {
    return this.silence?.isGone || isAsking ? this.silence : undefined;
  }

  private begin(why: string, isGone: boolean): void {
    this.silence = { why, isGone, since: this.silence?.since ?? this.monotonic() };
  }
}
