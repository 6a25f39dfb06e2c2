/** A running server, and the settings of the generator for it. */
export interface Running {
  /** Of all its processes. */
  readonly pids: readonly number[];
  readonly port: number;
  /** The generator's command, where it is another than the one in C. */
  readonly generator?: readonly string[];
  /** Further settings of the generator. */
  readonly settings?: Readonly<Record<string, string | number>>;
  /** The frames with which a connection enters; the generator asks for them where proofs are to be made. */
  enter?(connection: EnteringConnection): readonly string[];
  /** Called when a phase of the load has ended. */
  ended?(phase: string): void;
  stop(): Promise<void>;
}

export interface EnteringConnection {
  readonly index: number;
  /** Which of the senders it is; undefined for one that only receives. */
  readonly sender: number | undefined;
  /** The server's, as of this connection. */
  readonly nonce: string;
}

/** What is measured: GoChat, or what one would use in its place. */
export interface System {
  readonly name: string;
  /** As `bench/generator/protocols.c` calls it. */
  readonly protocol: string;
  /** The most receivers that it is asked to serve: joining takes some of them minutes. */
  readonly most?: number;
  /** How many connections may be joining at once. */
  readonly concurrent?: number;
  /** @param home an empty folder. */
  start(home: string): Promise<Running>;
}
