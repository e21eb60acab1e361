// analytics-processor: durable, one after the other, in the order of the stream.
import { note } from '../files.mjs';

export default async function analytics({ id, seq, data }) {
  note('analytics-processor', { id, seq, amount: data.amount });
}
