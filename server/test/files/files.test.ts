import { mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { FileId, RoomId } from '@gochat/protocol/fields';
import { CHUNK_OVERHEAD, pieceBytes } from '@gochat/protocol/file-chunks';
import pino from 'pino';
import { expect, onTestFinished, test } from 'vitest';
import { type FileName, OtherVersion } from '../../src/files/file-store.ts';
import { Files } from '../../src/files/files.ts';
import { FolderFiles } from '../../src/files/folder.ts';
import { filePath } from '../../src/files/names.ts';
import { type RoomLog, Unavailable } from '../../src/log/log.ts';
import { openMemory } from '../../src/log/memory/open.ts';
import { SERVER_LIMITS, type ServerLimits } from '../../src/operate/limits.ts';
import { NO_RETIREMENTS } from '../../src/room/retirements.ts';
import { encodeRecord, type RoomRecord } from '../../src/room/room-record.ts';
import { newId } from '../keys.ts';
import { handshakeOf } from '../log/room.ts';
import { bodyOf, newFileName, walked } from './store-contract.ts';

const MIB = 1024 * 1024;
const HOUR_MS = 3600_000;
const SMALL = 16 * 1024;

async function open(more: Partial<ServerLimits> = {}) {
  const folder = await mkdtemp(join(tmpdir(), 'gochat-files-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const store = await FolderFiles.open({ folder });
  // The store has the clock of the system.
  let now = Date.now();
  const { log } = openMemory();
  const limits = { ...SERVER_LIMITS, ...more };
  const logger = pino({ level: 'silent' });
  const files = new Files({ store, log, limits, now: () => now, logger });
  await files.sweep();
  return {
    store,
    folder,
    log,
    files,
    later: (ms: number) => {
      now += ms;
    },
  };
}

/** Stores the first chunk of a file, of a size that is padded already. */
async function store(files: Files, file: FileName, bytes = SMALL, keepMs?: number): Promise<void> {
  const length = pieceBytes(bytes, 0) + CHUNK_OVERHEAD;
  const pass = { bytes, ...(keepMs !== undefined && { keepMs }) };
  await files.put(file, 0, pass, bodyOf(Buffer.alloc(length)));
}

async function makeRoom(log: RoomLog, room: RoomId, closed: boolean): Promise<void> {
  const record: RoomRecord = {
    retirements: NO_RETIREMENTS,
    admins: [],
    groupInfo: '',
    member: '',
    invites: [],
    ...(closed && { closed: true }),
  };
  await log.handshake(room, 0, handshakeOf('founded', { state: encodeRecord(record, false), id: newId() }));
}

test('a sweep deletes what has expired and what was not finished in a day, and keeps the rest', async () => {
  const { store: stored, files, later } = await open({ fileKeepMs: 48 * HOUR_MS });
  const [short, unfinished, kept] = [newFileName(), newFileName(), newFileName()];
  await store(files, short, SMALL, HOUR_MS);
  await store(files, unfinished, 2 * MIB);
  await store(files, kept);
  const ids = async () => new Set((await walked(stored)).map(({ id }) => id));
  await files.sweep();
  expect(await ids()).toEqual(new Set([short.id, unfinished.id, kept.id]));
  later(HOUR_MS);
  await files.sweep();
  expect(await ids()).toEqual(new Set([unfinished.id, kept.id]));
  later(23.5 * HOUR_MS);
  await files.sweep();
  expect(await ids()).toEqual(new Set([kept.id]));
  later(24 * HOUR_MS);
  await files.sweep();
  expect(await ids()).toEqual(new Set());
  expect([files.usage.bytes, files.usage.files]).toEqual([0, 0]);
});

test('a sweep keeps what is not finished until a day after its last chunk', async () => {
  const { store: stored, files, folder, later } = await open();
  const file = newFileName();
  await store(files, file, 2 * MIB);
  later(23 * HOUR_MS);
  const bytes = 2 * MIB;
  await files.put(file, 1, { bytes }, bodyOf(Buffer.alloc(pieceBytes(bytes, 1) + CHUNK_OVERHEAD)));
  const at = new Date(Date.now() + 23 * HOUR_MS);
  await utimes(join(folder, ...filePath(file), '1'), at, at);
  later(2 * HOUR_MS);
  await files.sweep();
  expect((await walked(stored)).map(({ chunks }) => chunks)).toEqual([[0, 1]]);
  later(22.5 * HOUR_MS);
  await files.sweep();
  expect(await walked(stored)).toEqual([]);
});

test('a file of another version of gochat is counted and kept, and hides no other file', async () => {
  const { store: stored, files, folder, later } = await open({ fileRoomBytes: 2 * MIB, fileBytes: MIB });
  const newer = newFileName();
  const expired = { room: newer.room, id: newFileName().id };
  await store(files, newer);
  await store(files, expired, SMALL, HOUR_MS);
  const path = join(folder, ...filePath(newer));
  await writeFile(join(path, 'about'), '{"v":2}\n');
  const before = new Date(Date.now() - 2 * HOUR_MS);
  await utimes(path, before, before);
  await expect(walked(stored)).rejects.toBeInstanceOf(OtherVersion);
  later(HOUR_MS);
  await files.sweep();
  expect(files.usage.files).toBe(1);
  expect(files.usage.bytes).toBeGreaterThan(SMALL);
  expect(await readdir(path)).toHaveLength(2);
  // The room gets over its limit.
  for (let i = 0; i < 3; i++) await store(files, { room: newer.room, id: newFileName().id }, MIB);
  expect(files.usage.ofRoom(newer.room)).toBeLessThanOrEqual(2 * MIB);
  expect(await readdir(path)).toHaveLength(2);
});

test('a sweep deletes the files of a room that was closed, but not of one that it does not know', async () => {
  const { store: stored, files, log } = await open();
  const [open_, closed, unknown] = [newFileName(), newFileName(), newFileName()];
  await makeRoom(log, open_.room, false);
  await makeRoom(log, closed.room, true);
  for (const file of [open_, closed, unknown]) await store(files, file);
  await files.sweep();
  expect(new Set((await walked(stored)).map(({ id }) => id))).toEqual(new Set([open_.id, unknown.id]));
});

test('files are counted while the log does not answer, and none is deleted', async () => {
  const { store: stored, files, log } = await open();
  const file = newFileName();
  await store(files, file);
  const away = { ...log, head: () => Promise.reject(new Unavailable('away')) } as RoomLog;
  const logger = pino({ level: 'silent' });
  const other = new Files({
    store: stored,
    log: away,
    limits: SERVER_LIMITS,
    now: () => Date.now(),
    logger,
  });
  await other.sweep();
  expect(other.usage.files).toBe(1);
  await store(other, newFileName());
});

test('what is counted stays right, whatever is stored, refused and dropped', async () => {
  const { store: stored, files } = await open();
  const all = Array.from({ length: 5 }, () => newFileName());
  for (const file of all) await store(files, file);
  const failing = () => Promise.reject(new Error('gone'));
  await expect(files.put(newFileName(), 0, { bytes: SMALL }, failing)).rejects.toThrow('gone');
  await files.put(all[0] as FileName, 0, { bytes: SMALL }, failing);
  await Promise.all([files.drop(all[1] as FileName, undefined), files.drop(all[1] as FileName, undefined)]);
  const before = [files.usage.bytes, files.usage.files];
  await files.sweep();
  expect([files.usage.bytes, files.usage.files]).toEqual(before);
  expect(files.usage.files).toBe((await walked(stored)).length);
});

test('files that are begun and never sent are bounded by the limit of their room', async () => {
  const { store: stored, files } = await open({ fileRoomBytes: 2 * MIB, fileBytes: MIB });
  const { room } = newFileName();
  const failing = () => Promise.reject(new Error('gone'));
  for (let i = 0; i < 300; i++) {
    const file = { room, id: newFileName().id as FileId };
    await expect(files.put(file, 0, { bytes: SMALL }, failing)).rejects.toThrow('gone');
  }
  expect(files.usage.ofRoom(room)).toBeLessThanOrEqual(2 * MIB);
  expect((await walked(stored, room)).length).toBeLessThanOrEqual(128);
});
