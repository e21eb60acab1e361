import type { AlertEvents } from './alert-events.js';
import type { LogLine } from './log-line.js';
import type { WaterfallEventOf } from './waterfall-event.js';

const alertFields = ({ alert }: WaterfallEventOf<'alert'>): object => {
  const { id, condition, text, about, level, value, threshold, group, since } = alert;
  return {
    alert: id,
    condition,
    why: text,
    since,
    ...(about === null ? {} : { about }),
    ...(level === null ? {} : { level }),
    ...(value === null ? {} : { value }),
    ...(threshold === null ? {} : { threshold }),
    ...(group === null ? {} : { group: group.id, consumer: group.consumer, sample: group.sample }),
  };
};

const notToldFields = ({
  id,
  condition,
  to,
  error,
  retryInMs,
}: WaterfallEventOf<'alert-not-told'>): object => ({
  alert: id,
  condition,
  place: to,
  error,
  ...(retryInMs === undefined ? {} : { retryInMs }),
});

/** How alerts are logged; see `logLines`. */
export const alertLines: { readonly [T in keyof AlertEvents]: readonly LogLine<WaterfallEventOf<T>>[] } = {
  alert: [
    { level: 'error', text: 'alert', when: ({ alert }) => alert.state === 'firing', fields: alertFields },
    { level: 'info', text: 'alert is over', fields: alertFields },
  ],
  'alert-not-told': [
    {
      level: 'warn',
      text: 'an alert was not taken; it will be repeated',
      when: ({ retryInMs }) => retryInMs !== undefined,
      fields: notToldFields,
    },
    { level: 'error', text: 'an alert was not taken for a day: it is given up', fields: notToldFields },
  ],
  'alerts-failed': [
    {
      level: 'error',
      text: 'alerts can not be looked for now: tried again, and logged once',
      fields: ({ error }) => ({ error }),
      next: ({ suggestions }) => suggestions,
    },
  ],
};
