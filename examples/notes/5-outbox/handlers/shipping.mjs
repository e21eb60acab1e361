import { broken } from '../../../kit/index.mjs';
import { inTransaction, outbox } from '../database.mjs';

export default inTransaction(async (client, { order, item, pieces }) => {
  // With EXAMPLE_BREAK=drop one event is dropped, and the account must show it.
  if (broken && order === 'order-7') return;
  await client.query('insert into shipments values ($1, $2, $3)', [order, item, pieces]);
  await outbox.add(client, { type: 'order.shipped', data: { order }, key: order });
});
