/** The server speaks HTTP, but has no GoChat at `/ws`. */
export class UpgradeRefused extends Error {
  override readonly name = 'UpgradeRefused';
  readonly status: number | undefined;
  constructor(status: number | undefined) {
    super(`HTTP ${status}`);
    this.status = status;
  }
}
