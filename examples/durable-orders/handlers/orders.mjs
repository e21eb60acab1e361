// order-processor: durable, several at once, three attempts.
import { broken } from '../../kit/index.mjs';
import { note } from '../files.mjs';

const actions = {
  created: 'reserve the stock',
  paid: 'tell the warehouse',
  shipped: 'send the tracking number',
  delivered: 'ask for a review',
  cancelled: 'refund, and put back the stock',
};

export default async function orders({ id, data }, context) {
  // EXAMPLE_BREAK=drop: it says that it is done, and has done nothing.
  if (broken && id === 'order-3') return;
  const { order, status, amount } = data;
  if (Number(order.slice(1)) % 4 === 0 && status === 'paid' && context.attempt === 1)
    throw new Error(`${order}: the payment service is slow`);
  const again = context.attempt === 1 ? '' : `, attempt ${context.attempt}`;
  console.log(`processed  ${order} ${status}, ${amount.toFixed(2)}: ${actions[status]}${again}`);
  note('order-processor', { id });
}
