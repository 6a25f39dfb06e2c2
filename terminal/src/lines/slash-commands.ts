import type { Profile } from '@gochat/client/open';
import { sanitizeLine } from '@gochat/view/sanitize';
import { columns, formatItem } from './format.ts';
import type { Prompt } from './prompt.ts';

const WAIT_MS = 15_000;

interface SlashContext {
  readonly profile: Profile;
  readonly room: string;
  readonly prompt: Prompt;
}

/** What a line that begins with a slash does in a chat. */
export interface SlashCommand {
  readonly name: string;
  readonly args: string;
  readonly does: string;
  readonly run: (rest: string, at: SlashContext) => Promise<'quit' | undefined>;
}

function lines(prompt: Prompt, all: readonly string[]): undefined {
  for (const line of all) prompt.print(`* ${line}`);
}

export const SLASH_COMMANDS: readonly SlashCommand[] = [
  {
    name: 'help',
    args: '',
    does: 'show this',
    run: async (_rest, { prompt }) =>
      lines(prompt, columns(SLASH_COMMANDS.map((s) => [`/${s.name} ${s.args}`.trim(), s.does]))),
  },
  {
    name: 'members',
    args: '',
    does: 'who is in',
    run: async (_rest, { profile, room, prompt }) => {
      const members = await profile.call('members', { room });
      return lines(
        prompt,
        columns(
          members.map((m) => [m.id, m.name, [m.admin ? 'admin' : [], m.self ? 'you' : []].flat().join(', ')]),
        ),
      );
    },
  },
  {
    name: 'invite',
    args: '',
    does: 'make an invite link (30 days, any number of times)',
    run: async (_rest, { profile, room, prompt }) => {
      const { link } = await profile.call('invite', {
        room,
        expiresMs: undefined,
        uses: undefined,
        waitMs: WAIT_MS,
      });
      return lines(prompt, [link]);
    },
  },
  {
    name: 'remove',
    args: 'NAME',
    does: 'remove a member (admins)',
    run: async (rest, { profile, room, prompt }) => {
      const { name } = await profile.call('remove', { room, member: rest, waitMs: WAIT_MS });
      return lines(prompt, [`${sanitizeLine(name)} was removed, and all invites are void`]);
    },
  },
  {
    name: 'safety',
    args: '[NAME]',
    does: 'numbers to compare over another channel',
    run: async (rest, { profile, room, prompt }) => {
      const { code, epoch, members } = await profile.call('safety', {
        room,
        member: rest === '' ? undefined : rest,
      });
      return lines(prompt, [
        `room code ${code} (epoch ${epoch})`,
        ...members.map((m) => `${sanitizeLine(m.name)}  ${m.number}`),
      ]);
    },
  },
  {
    name: 'inspect',
    args: '[SEQ]',
    does: 'what the server has of a message (the last one)',
    run: async (rest, { profile, room, prompt }) => {
      const shown = await profile.call('inspect', {
        room,
        seq: rest === '' ? undefined : rest,
        waitMs: WAIT_MS,
      });
      const bytes = `${shown.body.slice(0, 120)}${shown.body.length > 120 ? '…' : ''}`;
      return lines(prompt, [
        `position ${shown.seq}: the server has ${shown.bytes} bytes`,
        bytes,
        'which say',
        ...shown.says.map((item) => formatItem(item)),
      ]);
    },
  },
  {
    name: 'rooms',
    args: '',
    does: "the profile's rooms",
    run: async (_rest, { profile, prompt }) => {
      const rooms = await profile.call('rooms', {});
      return lines(prompt, columns(rooms.map((r) => [r.name, `${r.members} in`, r.status])));
    },
  },
  {
    name: 'leave',
    args: '',
    does: 'leave the room for good',
    run: async (_rest, { profile, room, prompt }) => {
      await profile.call('leave', { room, waitMs: WAIT_MS });
      lines(prompt, ['you have left the room']);
      return 'quit';
    },
  },
  { name: 'quit', args: '', does: 'end the chat', run: async () => 'quit' },
];
