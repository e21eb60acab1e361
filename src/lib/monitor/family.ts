/** One value of a metric. */
export interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
  /** What follows the name of the metric, of a histogram: `_bucket`. */
  readonly suffix?: string;
}

/** A metric with its values, as Prometheus knows it. */
export interface Family {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'histogram';
  readonly samples: readonly Sample[];
}

/** In the text format of Prometheus. The package that knows it is loaded with the first scrape. */
export async function inText(families: readonly Family[]): Promise<{ type: string; body: string }> {
  const { Registry } = await import('prom-client');
  const registry = new Registry();
  // All that a registry asks of a metric is this; its own classes would keep the numbers a second time.
  const register = registry.registerMetric.bind(registry) as (metric: object) => void;
  for (const { name, help, type, samples } of families) {
    const values = samples.map(({ labels = {}, value, suffix }) => ({
      labels,
      value,
      ...(suffix === undefined ? {} : { metricName: `${name}${suffix}` }),
    }));
    register({ name, get: () => Promise.resolve({ name, help, type, values }) });
  }
  return { type: registry.contentType, body: await registry.metrics() };
}
