import type { Params, RoomRules } from '@gochat/client/methods';
import type { Chat } from '../chat/chat.ts';
import type { Field } from './dialog.ts';
import { choiceField } from './forms.ts';

/** What a form offers, in seconds, besides the present setting. */
const SLOW = [10, 30, 60, 300, 900, 3600];

/** The value of a choice that isn't a time. */
const OFF = 'off';

/** The fields for who may write and invite, and how often. */
export function ruleFields({ words }: Pick<Chat, 'words'>, rules: RoomRules): readonly Field[] {
  const text = words.text.dialogs.configure;
  return [
    choiceField('speak', text.speak, rules.speak, choices(text.speakChoices)),
    timeField(words.text.rules.time, 'slow', text.slow, text.slowOff, SLOW, rules.slow),
    choiceField('links', text.links, rules.links, choices(text.linkChoices)),
  ];
}

function choices(labels: Readonly<Record<string, string>>): { value: string; label: string }[] {
  return Object.entries(labels).map(([value, label]) => ({ value, label }));
}

function timeField(
  time: (seconds: number) => string,
  name: string,
  label: string,
  off: string,
  offered: readonly number[],
  present: number | undefined,
): Field {
  const all = present === undefined || offered.includes(present) ? offered : [...offered, present];
  const times = [...all]
    .sort((a, b) => a - b)
    .map((seconds) => ({ value: `${seconds}`, label: time(seconds) }));
  return choiceField(name, label, present === undefined ? OFF : `${present}`, [
    { value: OFF, label: off },
    ...times,
  ]);
}

/** @returns the rules that the form's values change */
export function changedRules(
  values: Readonly<Record<string, string>>,
  { speak, slow, links }: RoomRules,
): Partial<Params<'configure'>> {
  const seconds = (value: string | undefined) =>
    value === undefined || value === OFF ? null : Number(value);
  const wanted = {
    speak: (['all', 'staff', 'listed'] as const).find((one) => one === values.speak) ?? speak,
    slow: seconds(values.slow ?? `${slow ?? OFF}`),
    links: values.links === 'staff' || values.links === 'all' ? values.links : links,
  };
  return {
    ...(wanted.speak !== speak && { speak: wanted.speak }),
    ...(wanted.slow !== (slow ?? null) && { slow: wanted.slow }),
    ...(wanted.links !== links && { links: wanted.links }),
  };
}
