import { inTransaction } from '../database.mjs';

export default inTransaction((client, { order }) =>
  client.query("update orders set state = 'shipped' where id = $1", [order]),
);
