import { inTransaction, outbox } from '../database.mjs';

export default inTransaction(async (client, { order, item, pieces }) => {
  await client.query('update stock set free = free - $2 where item = $1', [item, pieces]);
  await outbox.add(client, { type: 'stock.reserved', data: { order, item, pieces }, key: order });
});
