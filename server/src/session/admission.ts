import { type Address, isExempt } from '../net/address.ts';
import type { ServerLimits } from '../operate/limits.ts';
import { Refusal } from './refusal.ts';

/** Limits how many connections there are, in total and by address. */
export class Admission {
  readonly #limits: ServerLimits;
  readonly #byAddress = new Map<string, number>();
  #total = 0;

  constructor(limits: ServerLimits) {
    this.#limits = limits;
  }

  get total(): number {
    return this.#total;
  }

  /** Counts a connection in. If it doesn't throw, the caller must call {@link leave} once. @throws Refusal `full` */
  enter(address: Address): void {
    const present = this.#byAddress.get(address.name) ?? 0;
    const exempt = isExempt(address, this.#limits.exemptsLoopback);
    if (this.#total >= this.#limits.connections)
      throw new Refusal('full', 'the server has the maximum number of connections', { closes: true });
    if (!exempt && present >= this.#limits.connectionsPerAddress) {
      throw new Refusal('full', 'too many connections from this address', { closes: true });
    }
    this.#byAddress.set(address.name, present + 1);
    this.#total += 1;
  }

  leave(address: Address): void {
    const present = this.#byAddress.get(address.name) ?? 0;
    if (present > 1) this.#byAddress.set(address.name, present - 1);
    else this.#byAddress.delete(address.name);
    this.#total -= 1;
  }
}
