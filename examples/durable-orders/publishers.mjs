// Orders that go through their life, and people who register. Numbers go on where the last run has left them.
import { note, notes } from './files.mjs';

const lives = [
  ['created', 'paid', 'shipped', 'delivered'],
  ['created', 'paid', 'shipped', 'delivered'],
  ['created', 'cancelled'],
];
const names = ['ada', 'bob', 'cyd', 'dan', 'eve'];

/** The n-th order event: orders begin one after the other, and each goes through its life. */
export function orderEvent(n) {
  let left = n - 1;
  for (let order = 1; ; order++) {
    const life = lives[order % lives.length];
    if (left < life.length) return { order: `#${order}`, status: life[left], ...detailsOf(order) };
    left -= life.length;
  }
}

function detailsOf(order) {
  return { customer: names[order % names.length], amount: 19.9 + ((order * 37) % 200) };
}

/** Every third is verified already. */
export function registrationEvent(n) {
  const user = `${names[n % names.length]}-${n}`;
  return { user, email: `${user}@example.com`, verified: n % 3 === 0 };
}

export const everyMs = { order: 3000, registration: 5000 };

export class Publishers {
  #pipeline;
  #timers = [];
  #last = Promise.resolve();

  constructor(pipeline) {
    this.#pipeline = pipeline;
  }

  /** `pace` 10: ten times as fast. */
  start(pace) {
    this.#timers = [
      setInterval(() => void this.order(), everyMs.order / pace),
      setInterval(() => void this.registration(), everyMs.registration / pace),
    ];
  }

  order() {
    const n = notes('orders').length + 1;
    const data = orderEvent(n);
    const line = `published  order ${data.order} ${data.status}, ${data.amount.toFixed(2)}`;
    return this.#publish('orders', 'order.changed', data, `order-${n}`, line);
  }

  registration() {
    const n = notes('registrations').length + 1;
    const data = registrationEvent(n);
    const line = `published  registration of ${data.user}`;
    return this.#publish('registrations', 'user.registered', data, `user-${n}`, line);
  }

  /** Resolves when all that was begun is stored. */
  async stop() {
    for (const timer of this.#timers) clearInterval(timer);
    await this.#last;
  }

  /** Noted first: what is noted and not stored would show as lost. */
  #publish(file, type, data, id, line) {
    note(file, { id });
    this.#last = Promise.all([this.#last, this.#pipeline.publish(type, data, { id })]).then(() =>
      console.log(line),
    );
    return this.#last;
  }
}
