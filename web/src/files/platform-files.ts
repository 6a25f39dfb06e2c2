import { NO_FILES, type PlatformFiles } from '@gochat/view/platform-files';

/**
 * What the browser does with files, each part loaded when it is needed. Nothing is opened by another program: it is saved instead. What
 * can be played is played in its message.
 */
export const browserFiles: PlatformFiles = {
  ...NO_FILES,
  pick: async (camera = false) => (await import('./pick.ts')).pickFiles(camera),
  save: async (name, _type, bytes) => (await import('./save.ts')).save(name, bytes),
  open: async (name, _type, bytes) => {
    await (await import('./save.ts')).save(name, bytes);
    return true;
  },
  makePreview: async (bytes) => (await import('./preview.ts')).makePreview(bytes),
};
