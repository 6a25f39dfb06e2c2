import type { Role, RoomRules } from '@gochat/client/methods';
import { durationText } from './duration.ts';
import type { Formats } from './formats.ts';

/** A rule that changed: 0 seconds for one that doesn't apply any more. */
type Changed = Partial<Omit<RoomRules, 'history'>>;

/** What the rules of a room are called, where they hold. */
export function ruleWords(f: Formats) {
  const time = (seconds: number) => durationText(f, seconds * 1000);
  const slowText = (seconds: number) => `Each member can write once in ${time(seconds)}.`;
  const expireText = (seconds: number) => `Messages disappear after ${time(seconds)}.`;
  return {
    /** The rules that aren't those of every room, a sentence each. */
    inForce: ({ speak, slow, links, expire }: RoomRules): string[] => [
      ...(speak === 'all' ? [] : [SPEAK[speak]]),
      ...(slow === undefined ? [] : [slowText(slow)]),
      ...(links === 'all' ? [] : ['Only admins and moderators can invite.']),
      ...(expire === undefined ? [] : [expireText(expire)]),
    ],
    /** What is to be known before one writes; empty without slow mode. */
    slow: ({ slow }: RoomRules): string => (slow === undefined ? '' : `One in ${time(slow)}.`),
    /** @param seconds above 0, until the next message is sent */
    turn: (seconds: number) => `You can write again in ${time(seconds)}. What you send before then waits.`,
    /** Why this person can write nothing. */
    silence: {
      muted: 'You can’t write here: you are an observer. You can react.',
      'staff-only': 'Only admins and moderators can write here. You can react.',
      'not-listed': 'Only speakers, admins and moderators can write here. You can react.',
    },
    /** What somebody has changed, without the subject. */
    changed: ({ speak, slow, links, expire }: Changed): string[] => [
      ...(speak === undefined ? [] : [LET[speak]]),
      ...(slow === undefined
        ? []
        : [slow === 0 ? 'ended slow mode' : `let each member write once in ${time(slow)}`]),
      ...(links === undefined
        ? []
        : [links === 'all' ? 'let all members invite' : 'let only admins and moderators invite']),
      ...(expire === undefined
        ? []
        : [expire === 0 ? 'let new messages stay' : `set new messages to disappear after ${time(expire)}`]),
    ],
    /** @param who a list of names */
    became: (role: Role, who: string): string => BECAME[role](who),
    /** The length of a time, as a choice of a form. */
    time,
  };
}

const SPEAK = {
  staff: 'Only admins and moderators can write.',
  listed: 'Only speakers, admins and moderators can write.',
} as const;

const LET = {
  all: 'let all members write',
  staff: 'let only admins and moderators write',
  listed: 'let only speakers, admins and moderators write',
} as const;

const BECAME: Readonly<Record<Role, (who: string) => string>> = {
  admin: (who) => `made ${who} admin`,
  moderator: (who) => `made ${who} moderator`,
  speaker: (who) => `made ${who} speaker`,
  member: (who) => `made ${who} an ordinary member`,
  observer: (who) => `muted ${who}`,
};
