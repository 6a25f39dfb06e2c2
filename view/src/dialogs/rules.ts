import type { Params, RoomRules } from '@gochat/client/methods';
import { formatRuleTime, parseRuleTime } from '@gochat/client/rule-time';
import type { Chat } from '../chat/chat.ts';
import type { Field } from './dialog.ts';
import { choiceField } from './forms.ts';

/** What a form offers besides the present setting. */
const SLOW = ['off', '10s', '30s', '1m', '5m', '15m', '1h'];
const EXPIRE = ['off', '1h', '1d', '7d', '30d'];

/** The fields for who may write and invite, and how often. */
export function ruleFields({ words }: Pick<Chat, 'words'>, rules: RoomRules): readonly Field[] {
  const text = words.text.dialogs.configure;
  return [
    choiceField('speak', text.speak, rules.speak, choices(text.speakChoices)),
    timeField('slow', text.slow, rules.slow, {
      offered: SLOW,
      off: text.slowOff,
      time: (seconds) => text.slowTime(words.text.rules.time(seconds)),
    }),
    choiceField('links', text.links, rules.links, choices(text.linkChoices)),
  ];
}

function choices(labels: Readonly<Record<string, string>>): { value: string; label: string }[] {
  return Object.entries(labels).map(([value, label]) => ({ value, label }));
}

/** The field for when new messages disappear. */
export function expireField(
  { words }: Pick<Chat, 'words'>,
  label: string,
  present: number | undefined,
  hint = '',
): Field {
  const { never, after } = words.text.dialogs.expire;
  const times = { offered: EXPIRE, off: never, time: after };
  return { ...timeField('expire', label, present, times), hint };
}

function timeField(
  name: string,
  label: string,
  present: number | undefined,
  {
    offered,
    off,
    time,
  }: {
    readonly offered: readonly string[];
    readonly off: string;
    readonly time: (seconds: number) => string;
  },
): Field {
  const value = formatRuleTime(present);
  const values = offered.includes(value) ? offered : [...offered, value];
  const choices = values.map((one) => {
    const seconds = parseRuleTime(one);
    return { value: one, label: seconds === null ? off : time(seconds) };
  });
  return choiceField(name, label, value, choices);
}

/** @returns the rules that the form's values change */
export function changedRules(
  values: Readonly<Record<string, string>>,
  { speak, slow, links }: RoomRules,
): Partial<Params<'configure'>> {
  const wanted = {
    speak: (['all', 'staff', 'listed'] as const).find((one) => one === values.speak) ?? speak,
    slow: parseRuleTime(values.slow ?? formatRuleTime(slow)),
    links: values.links === 'staff' || values.links === 'all' ? values.links : links,
  };
  return {
    ...(wanted.speak !== speak && { speak: wanted.speak }),
    ...(wanted.slow !== (slow ?? null) && { slow: wanted.slow }),
    ...(wanted.links !== links && { links: wanted.links }),
  };
}
