/** The subjects that the client and this library send JetStream's requests to; `*` may stand for any name. */
export function apiSubjects(prefix: string) {
  return {
    accountInfo: `${prefix}.INFO`,
    streamInfo: (stream: string) => `${prefix}.STREAM.INFO.${stream}`,
    streamNames: `${prefix}.STREAM.NAMES`,
    streamList: `${prefix}.STREAM.LIST`,
    streamCreate: (stream: string) => `${prefix}.STREAM.CREATE.${stream}`,
    streamUpdate: (stream: string) => `${prefix}.STREAM.UPDATE.${stream}`,
    streamDelete: (stream: string) => `${prefix}.STREAM.DELETE.${stream}`,
    messageGet: (stream: string) => `${prefix}.STREAM.MSG.GET.${stream}`,
    messageDelete: (stream: string) => `${prefix}.STREAM.MSG.DELETE.${stream}`,
    directGet: (stream: string) => `${prefix}.DIRECT.GET.${stream}`,
    consumerInfo: (stream: string, consumer: string) => `${prefix}.CONSUMER.INFO.${stream}.${consumer}`,
    consumerList: (stream: string) => `${prefix}.CONSUMER.LIST.${stream}`,
    /** One that lasts a moment, and is named in the request. */
    readerCreate: (stream: string, consumer: string) => `${prefix}.CONSUMER.CREATE.${stream}.${consumer}`,
    /** One of the pipeline's own, which have a list of filters. */
    durableCreate: (stream: string, consumer: string) =>
      `${prefix}.CONSUMER.DURABLE.CREATE.${stream}.${consumer}`,
    consumerDelete: (stream: string, consumer: string) => `${prefix}.CONSUMER.DELETE.${stream}.${consumer}`,
    consumerPause: (stream: string, consumer: string) => `${prefix}.CONSUMER.PAUSE.${stream}.${consumer}`,
    pull: (stream: string, consumer: string) => `${prefix}.CONSUMER.MSG.NEXT.${stream}.${consumer}`,
  };
}

export type ApiSubjects = ReturnType<typeof apiSubjects>;

/** Where deliveries of a consumer are answered. The second form is what servers with `js_ack_fc_v2` ask for. */
export function ackSubjects(stream: string, consumer: string): string[] {
  return [`$JS.ACK.${stream}.${consumer}.>`, `$JS.ACK.*.*.${stream}.${consumer}.>`];
}
