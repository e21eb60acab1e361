import type { Pipeline } from '../../pipeline/pipeline.js';
import { type Position, positionOf } from '../../domain/consumer-position.js';
import type { ConsumerInfo } from '../../nats/objects.js';
import { desiredTopology } from '../../topology/desired.js';
import { consumerPath } from '../../topology/diff/diff.js';

/**
 * How far the pipeline's consumers had got at one moment. Read before the journal is asked what became of a
 * message: a record is stored before its message is acknowledged, so what was acknowledged then has its record.
 */
export class Positions {
  private constructor(private readonly infos: ReadonlyMap<string, ConsumerInfo>) {}

  static async read(pipeline: Pipeline): Promise<Positions> {
    const { link, config } = pipeline;
    const { consumers } = desiredTopology(config);
    const infos = await Promise.all(consumers.map(({ stream, name }) => link.consumerInfo(stream, name)));
    const found = infos.filter((info) => info !== undefined);
    return new Positions(new Map(found.map((info) => [consumerPath(info.stream_name, info.name), info])));
  }

  /** Undefined: there is no such consumer of this pipeline. */
  of(stream: string, consumer: string, seq: number): Position | undefined {
    const info = this.infos.get(consumerPath(stream, consumer));
    return info && positionOf(info, seq);
  }

  all(): ConsumerInfo[] {
    return [...this.infos.values()];
  }
}
