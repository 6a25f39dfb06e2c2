import { FilePlace } from '@gochat/client/internal/files/file-place';

const refuse = () => Promise.reject(new Error('this profile has no files'));

/** For a profile in which no file is sent or fetched. */
export const noFiles = { files: new FilePlace(refuse, refuse), fileCache: refuse };
