// A mail server on 127.0.0.1 that keeps what it receives, and can go away and come back.
import { SMTPServer } from 'smtp-server';

export class Mailbox {
  /** For each event id how many mails came, by their X-Event-Id. */
  received = new Map();
  #server;
  #port = 0;

  get url() {
    return `smtp://127.0.0.1:${this.#port}`;
  }

  /** Listens: at first on a free port, later on the same one. */
  async start() {
    this.#server = new SMTPServer({
      disabledCommands: ['AUTH', 'STARTTLS'],
      closeTimeout: 100,
      onData: (stream, _session, done) => {
        stream.toArray().then((chunks) => {
          this.#keep(Buffer.concat(chunks).toString());
          done();
        }, done);
      },
    });
    // A client that goes away is no business of the server's.
    this.#server.on('error', () => {});
    await new Promise((resolve) => this.#server.listen(this.#port, '127.0.0.1', resolve));
    this.#port = this.#server.server.address().port;
  }

  async stop() {
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #keep(mail) {
    const id = /^X-Event-Id: (.+)\r$/im.exec(mail)?.[1] ?? 'without an id';
    this.received.set(id, (this.received.get(id) ?? 0) + 1);
  }
}
