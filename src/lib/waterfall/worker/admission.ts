import type { HandlersSnapshot } from '../../observe/snapshot.js';

/** Whoever runs a handler. */
export interface Member {
  /** It counts among those who run. */
  inside: boolean;
}

interface Waiting {
  readonly member: Member;
  readonly alone: boolean;
  readonly admit: () => void;
}

/**
 * Whose handlers run in this process at the same time: most run side by side, some ask to be alone. In line: whoever
 * waits to be alone is not overtaken, so that it waits only for what runs already. Nothing is inside while a server
 * is waited for, since that may take forever.
 */
export class Admission {
  private running = 0;
  private someoneAlone = false;
  private isOpen = false;
  private readonly waiting: Waiting[] = [];

  get now(): HandlersSnapshot {
    return { running: this.running, alone: this.someoneAlone, waiting: this.waiting.length };
  }

  /** Enters if that is possible now. */
  tryEnter(member: Member, alone: boolean): boolean {
    if (this.waiting.length > 0 || !this.admits(alone)) return false;
    this.begin(member, alone);
    return true;
  }

  async enter(member: Member, alone: boolean): Promise<void> {
    if (this.tryEnter(member, alone)) return;
    await new Promise<void>((admit) => this.waiting.push({ member, alone, admit }));
  }

  /** From now on nothing waits: the process stops, and no handler is started any more. */
  open(): void {
    this.isOpen = true;
    this.admitAll();
  }

  /** Whoever has left already may say so again. */
  leave(member: Member): void {
    if (!member.inside) return;
    member.inside = false;
    this.running--;
    this.someoneAlone = false;
    this.admitAll();
  }

  private admitAll(): void {
    for (let next = this.waiting[0]; next && this.admits(next.alone); next = this.waiting[0]) {
      this.waiting.shift();
      this.begin(next.member, next.alone);
      next.admit();
    }
  }

  private admits(alone: boolean): boolean {
    return this.isOpen || (alone ? this.running === 0 : !this.someoneAlone);
  }

  private begin(member: Member, alone: boolean): void {
    member.inside = true;
    this.running++;
    this.someoneAlone = alone;
  }
}
