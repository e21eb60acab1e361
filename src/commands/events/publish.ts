import { randomUUID } from 'node:crypto';
import * as Args from '@oclif/core/args';
import * as Flags from '@oclif/core/flags';
import { BaseCommand } from '../../lib/cli/base-command.js';
import type { CommandContext } from '../../lib/cli/context.js';
import { parseHeaders, parseParams, readData } from '../../lib/cli/flags/event-input.js';
import { readersOf } from '../../lib/config/resolved.js';
import { subjectMatches } from '../../lib/domain/subjects.js';
import { goOnWithPublish } from '../../lib/cli/notes/go-on.js';
import { escapeLine } from '../../lib/domain/escape.js';
import { hideSecrets } from '../../lib/domain/secrets.js';
import { isBrokenJson, isEncodedOtherwise } from '../../lib/events/publish/broken-json.js';
import { findDestination } from '../../lib/events/publish/destination.js';
import { refuseUnknownParts } from '../../lib/events/publish/fill-subject.js';
import { Publisher } from '../../lib/events/publish/publish.js';
import { copiesOf, type PublishManyResult } from '../../lib/events/publish/publish-many.js';
import type { OutgoingEvent, PublishResult } from '../../lib/events/publish/outgoing.js';
import { countFlag } from '../../lib/cli/flags/count-flag.js';
import { publishedText, publishedManyText } from '../../lib/render/published.js';

export type EventsPublishResult = PublishResult | PublishManyResult;

export default class EventsPublish extends BaseCommand<typeof EventsPublish> {
  static override summary = 'Publish an event, and wait until the server has stored it.';
  static override description =
    `The event is a type of the config, or a full subject within the events stream. If its type has a schema, the data must match it. The headers Nats-Msg-Id (the id) and Event-Type are set.

An event whose id was seen before, within the stream's duplicate window (2 minutes by default), is not stored again: this is reported, and is not a failure. So a publish that failed halfway can be repeated with the same --id.`;
  static override examples = [
    `<%= config.bin %> <%= command.id %> totp.requested --data '{"email": "ada@example.com", "code": "314159"}'`,
    `<%= config.bin %> <%= command.id %> totp.requested --data @event.json --id login-4711 --header 'Session-Id: 4f1c'`,
    'cat event.json | <%= config.bin %> <%= command.id %> events.totp.requested --data -',
    '<%= config.bin %> <%= command.id %> totp.requested --data @event.json --count 1000 --id load-test',
  ];

  static override args = {
    type: Args.string({ description: 'event type, or a full subject of the events stream', required: true }),
  };

  static override flags = {
    data: Flags.string({
      description: 'payload: text, @<file>, or - for stdin',
      helpValue: '<text>',
      defaultHelp: async () => 'empty',
    }),
    id: Flags.string({
      description: 'id of the event, for deduplication; with --count the ids are <id>-1, <id>-2, …',
      defaultHelp: async () => 'a new UUID',
    }),
    header: Flags.string({
      description: 'header, as "Name: value"; repeatable',
      helpValue: '<header>',
      multiple: true,
      multipleNonGreedy: true,
    }),
    param: Flags.string({
      description: 'part of the subject, as name=value, where that of the type has some; repeatable',
      helpValue: '<name=value>',
      multiple: true,
      multipleNonGreedy: true,
    }),
    count: countFlag({
      description: 'publish it this many times, each with its own id',
      defaultHelp: async () => '1',
    }),
  };

  private stop: AbortController | undefined;

  protected override async choices(context: CommandContext): Promise<readonly string[]> {
    const types = (await context.config()).events.map(({ type }) => type);
    return types.length === 0 ? [] : [`event types of the config: ${types.join(', ')}`];
  }

  protected override get changes(): boolean {
    return true;
  }

  async run(): Promise<void> {
    const { id, count } = this.flags;
    const config = await this.context.config();
    const headers = parseHeaders(this.flags.header ?? []);
    const data = await readData(this.flags.data, { ...this.environment, stdin: process.stdin });
    const params = parseParams(this.flags.param ?? []);
    refuseUnknownParts(findDestination(config, this.args.type), params);
    const event: OutgoingEvent = {
      type: this.args.type,
      data,
      headers,
      params,
      ...(id === undefined ? {} : { id }),
    };
    const pipeline = await this.context.pipeline();
    const { link } = pipeline;
    const publisher = new Publisher(pipeline, {
      onWarning: ({ message }) => this.note(escapeLine(`Warning: ${message}`)),
    });
    const subject = publisher.subjectFor(event.type, data, event);
    if (!readersOf(config).some(({ subjects }) => subjects.some((one) => subjectMatches(one, subject)))) {
      this.note(`Warning: no consumer of the config reads ${subject}`);
    }
    if (isBrokenJson(data)) {
      this.note('Warning: the data looks like JSON but is not valid JSON: it is stored as text');
    }
    if (isEncodedOtherwise(data)) {
      this.note('Warning: the data looks like JSON but is not in UTF-8: it is stored as bytes');
    }
    if (count === undefined) {
      const result: EventsPublishResult = await publisher.publish(event.type, data, {
        headers,
        params,
        ...(id === undefined ? {} : { id }),
      });
      this.output(result, () => publishedText(subject, result, link.server));
      return;
    }
    const base = id ?? randomUUID();
    const ids = escapeLine(`ids ${base}-1 to ${base}-${count}`);
    this.note(`publishing ${count} to ${subject} on ${link.server}, ${ids}`);
    this.stop = new AbortController();
    const { signal } = this.stop;
    const result = await publisher.publishMany(copiesOf({ ...event, id: base }, count), { signal });
    this.output(result satisfies EventsPublishResult, () => publishedManyText(subject, result, link.server));
    if (!signal.aborted || result.count === count) return;
    this.note(`interrupted: ${result.count} of ${count} are stored`);
    const next = goOnWithPublish(this.args.type, base, { ...this.flags, count });
    this.note(hideSecrets(escapeLine(this.inWords(next))));
    process.exitCode = 130;
  }

  /** Stops between two of many events, so that the result can say how many are stored; a second Ctrl-C ends it at once. */
  protected override interrupt(): void {
    if (!this.stop || this.stop.signal.aborted) return super.interrupt();
    this.stop.abort();
  }
}
