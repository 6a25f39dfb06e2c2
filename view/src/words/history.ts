import type { EventItem } from '@gochat/client/history';
import type { Role } from '@gochat/client/methods';
import { sanitizeLine } from '../text/sanitize.ts';
import { durationText } from './duration.ts';
import type { Formats } from './formats.ts';
import { shownHistory } from './history-setting.ts';
import { namesIn } from './names.ts';
import { ruleWords } from './rules.ts';

type Who = readonly string[];
type Changed = Extract<EventItem, { kind: 'changed' }>;
type Warning = Extract<EventItem, { kind: 'warning' }>;

/** The sentence for an event of a room's history. `who`: the sanitized names of those whom it happened to; empty for warnings. */
export function eventText(f: Formats): (event: EventItem, who: Who) => string {
  return (event, who) => {
    const names = namesIn(f)(who);
    switch (event.kind) {
      case 'leaving':
        return f.form(who.length, {
          one: `${names} is leaving the room`,
          other: `${names} are leaving the room`,
        });
      case 'knocked':
        return event.words === undefined
          ? `${names} asks to join`
          : `${names} asks to join: “${sanitizeLine(event.words)}”`;
      case 'joined':
        if (event.another === true) return `${names} joined with another device`;
        if (event.unfollowed !== undefined)
          return event.unfollowed === ''
            ? `${names} came back: the device could not follow an earlier change`
            : `${names} came back: the device could not follow a change by ${sanitizeLine(event.unfollowed)}`;
        return event.again === true
          ? `${names} joined again with a new invite on the same device`
          : `${names} joined by invite`;
      case 'renamed':
        return `${sanitizeLine(event.was)} is now called ${names}`;
      case 'removed': {
        if (event.oneDevice === true)
          return event.by === undefined
            ? `A device of ${names} was removed`
            : `A device of ${names} was removed by ${sanitizeLine(event.by)}`;
        if (event.by === undefined)
          return f.form(who.length, { one: `${names} was removed`, other: `${names} were removed` });
        const by = sanitizeLine(event.by);
        return f.form(who.length, {
          one: `${names} was removed by ${by}`,
          other: `${names} were removed by ${by}`,
        });
      }
      case 'changed':
        return changedText(f, event, names);
      case 'warning':
        return warningText(f, event);
      default:
        return event satisfies never;
    }
  };
}

function changedText(f: Formats, event: Changed, names: string): string {
  const { name, topic, history, admins = [], dropped = [] } = event;
  const all = (members: readonly string[]) => f.list(members.map((member) => sanitizeLine(member)));
  const changes = [
    ...(name === undefined ? [] : [`renamed the room to ${sanitizeLine(name)}`]),
    ...(admins.length === 0 ? [] : [`made ${all(admins)} admin`]),
    ...(dropped.length === 0 ? [] : [`removed ${all(dropped)} as admin`]),
    ...(topic === undefined ? [] : [topicText(topic)]),
    ...(history === undefined ? [] : [`let newcomers read ${shownHistory(f, history)}`]),
    ...moderationTexts(f, event),
  ];
  if (changes.length === 0) return `${names} changed the room (an earlier version of GoChat kept no details)`;
  return `${names} ${f.list(changes)}`;
}

function moderationTexts(
  f: Formats,
  { roles = [], rules = {}, banned = [], unbanned = [], pinned = [], unpinned = [] }: Changed,
): string[] {
  const words = ruleWords(f);
  const same = [...new Set(roles.map(({ role }) => role))];
  const named = (role: Role) =>
    roles.filter((one) => one.role === role).map(({ name }) => sanitizeLine(name));
  const persons = (list: NonNullable<Changed['banned']>) =>
    f.list(list.map(({ name, fingerprint }) => sanitizeLine(name ?? fingerprint.slice(0, SHORT))));
  const messages = (count: number) => f.plural(count, { one: 'a message', other: '# messages' });
  return [
    ...same.map((role) => words.became(role, f.list(named(role)))),
    ...words.changed(rules),
    ...(banned.length === 0 ? [] : [`banned ${persons(banned)}`]),
    ...(unbanned.length === 0 ? [] : [`ended the ban of ${persons(unbanned)}`]),
    ...(pinned.length === 0 ? [] : [`pinned ${messages(pinned.length)}`]),
    ...(unpinned.length === 0 ? [] : [`unpinned ${messages(unpinned.length)}`]),
  ];
}

/** How much of a fingerprint names a person whose name isn't known. */
const SHORT = 8;

function topicText(topic: string): string {
  return topic === '' ? 'removed the topic' : `changed the topic to: ${sanitizeLine(topic)}`;
}

type Shared = Extract<
  Warning,
  { warning: 'shared-forged' | 'shared-foreign' | 'shared-missing' | 'shared-gone' }
>;

/** What is wrong with the history that a member has shared. */
function sharedText(f: Formats, event: Shared): string {
  const member = sanitizeLine(event.member);
  switch (event.warning) {
    case 'shared-forged':
      return f.plural(event.count, {
        one: `# message that ${member} shared was left out: nobody who is named there wrote it for newcomers`,
        other: `# messages that ${member} shared were left out: nobody who is named there wrote them for newcomers`,
      });
    case 'shared-foreign':
      return f.plural(event.count, {
        one: `# message that ${member} shared was left out: it is of another room`,
        other: `# messages that ${member} shared were left out: they are of another room`,
      });
    case 'shared-missing': {
      const by = sanitizeLine(event.by);
      return f.plural(event.count, {
        one: `# thing that ${member} sent is missing in what ${by} shared: it was deleted, changed later, or left out`,
        other: `# things that ${member} sent are missing in what ${by} shared: they were deleted, changed later, or left out`,
      });
    }
    case 'shared-gone':
      return `What ${member} shared of the history can’t be read any more: the server has deleted or changed it`;
    default:
      return event satisfies never;
  }
}

/** What is wrong, and what to do about it. */
function warningText(f: Formats, event: Warning): string {
  switch (event.warning) {
    case 'undecryptable':
      return 'A message could not be decrypted: a member sent garbage, or the server damaged it';
    case 'repeated':
      return 'The server repeated an older entry: it was ignored';
    case 'missing': {
      const member = sanitizeLine(event.member);
      return f.plural(event.count, {
        one: `# message of ${member} never arrived: the server lost or withheld it; ask ${member} to send it again`,
        other: `# messages of ${member} never arrived: the server lost or withheld them; ask ${member} to send them again`,
      });
    }
    case 'expired-of': {
      const member = sanitizeLine(event.member);
      return f.plural(event.count, {
        one: `# message of ${member} never arrived: by what the server says, it had expired`,
        other: `# messages of ${member} never arrived: by what the server says, they had expired`,
      });
    }
    case 'withheld':
      return event.member === undefined
        ? 'The server says that messages expired which it had said it would keep: it lost or withholds them'
        : `${sanitizeLine(event.member)} has seen entries that the server has not shown here`;
    case 'unseen':
      return f.plural(event.count, {
        one: `${sanitizeLine(event.member)} sent a message without having seen the entry before it`,
        other: `${sanitizeLine(event.member)} sent a message without having seen the # entries before it`,
      });
    case 'forked':
      return `The server has shown ${sanitizeLine(event.member)} a different history: compare room codes over another channel`;
    case 'misplaced':
      return `${sanitizeLine(event.member)} refers to a message at another position than here: the server has shown you different histories`;
    case 'hole': {
      const whose = event.member === undefined ? 'a member' : sanitizeLine(event.member);
      return `More than 200 messages of ${whose} are missing, so the next ones can't be decrypted: this device is renewing its keys`;
    }
    case 'unknown-content':
      return `${sanitizeLine(event.member)} sent something that this version of GoChat doesn't know: upgrade to see it`;
    case 'unfollowed':
      return `This device could not follow a change by ${sanitizeLine(event.member)}: others may read what is written from now on, or not`;
    case 'split':
      return `Others went on without this device, as ${sanitizeLine(event.member)} has signed: they can’t read what was written here since. What you write now waits until this device is back`;
    case 'join-skipped':
      return `The others didn’t take this device in, as ${sanitizeLine(event.member)} has signed: they can’t read what was written here since it joined. What you write now waits until it has joined again`;
    case 'skipped-handshake':
      return "A change that the room's rules don't allow was ignored";
    case 'rolled-back':
      return 'This profile is an older copy of itself: nothing is sent until its keys are renewed, which happens automatically';
    case 'broken':
      return 'The other members use keys that this device does not have: ask for a new invite and join again';
    case 'shorter-retention': {
      const before = event.before === undefined ? 'for ever' : `for ${durationText(f, event.before)}`;
      return event.ms === 0
        ? `The server may delete messages at any time now: before, it kept them ${before}`
        : `The server deletes messages after ${durationText(f, event.ms)} now: before, it kept them ${before}`;
    }
    case 'expired':
      return 'Older messages expired on the server before this device read them';
    case 'disappeared':
      return f.plural(event.count, {
        one: '# message disappeared before this device could read it',
        other: '# messages disappeared before this device could read them',
      });
    case 'refused-change': {
      const { change } = event;
      if (change === 'close')
        return `${sanitizeLine(event.by)} tried to close a poll of ${sanitizeLine(event.member)}: this was ignored`;
      return `${sanitizeLine(event.by)} tried to ${change === 'delete' ? 'delete' : 'edit'} a message of ${sanitizeLine(event.member)}: this was ignored`;
    }
    case 'refused-message':
      return refusedText(sanitizeLine(event.member), event.why);
    case 'shared-forged':
    case 'shared-foreign':
    case 'shared-missing':
    case 'shared-gone':
      return sharedText(f, event);
    case 'older-version':
      return 'Something was wrong here: an earlier version of GoChat kept no details';
    default:
      return event satisfies never;
  }
}

function refusedText(member: string, why: Extract<EventItem, { warning: 'refused-message' }>['why']): string {
  switch (why) {
    case 'muted':
      return `${member} wrote something while muted: it is left out`;
    case 'slow':
      return `${member} wrote again too soon for slow mode: it is left out`;
    case 'staff-only':
    case 'not-listed':
      return `${member} wrote something without the right to: it is left out`;
    default:
      return why satisfies never;
  }
}
