/**
 * The console's connection: the live socket while it works, questions over HTTP while it does not, and the leases in both
 * cases. It holds no timer: `beat` is called about once a second (see `clock.ts`) and does what is due.
 */

import type { Socket } from "../shared/api";
import { backoff } from "../shared/live";
import type { AgentFrame } from "../shared/schemas";

/** `connecting`: not known yet. `live`: the socket answers. `polling`: it does not, HTTP does. `offline`: nothing answers. */
export type LinkState = "connecting" | "live" | "polling" | "offline";

/** What the connection needs of the outside. */
export interface Line {
  /** Opens the live socket. */
  open(on: { onOpen(): void; onFrame(frame: AgentFrame): void; onClose(code: number): void }): Socket;
  /** Asks for the queue and for news of the open conversation over HTTP; rejects when nothing answers. */
  poll(): Promise<void>;
  /** Renews every claim over HTTP; rejects when nothing answers. */
  renew(): Promise<void>;
  /** The socket is open: say what this console wants to follow. */
  opened(): void;
  /** Any frame but `renewed`. */
  frame(frame: AgentFrame): void;
  /** The server renewed the claims in `mine` at the latest request, sent at `sentAt`. */
  renewed(mine: string[], sentAt: number, leaseMs: number): void;
  changed(state: LinkState): void;
  random(): number;
}

export const RENEW_MS = 10_000;
/** No answer to a renewal for so long means that the socket is dead, even if the browser has not noticed. */
export const SILENCE_MS = 6_000;
const OPENING_MS = 8_000;
const POLL_MS = 3_000;

export class Link {
  state: LinkState = "connecting";
  private socket: Socket | null = null;
  private open = false;
  private started = false;
  private openingSince = 0;
  private attempt = 0;
  private retryAt = 0;
  private renewAt = 0;
  /** When the renewal that is not answered yet was sent. */
  private renewSent: number | null = null;
  private pollAt = 0;
  private polling = false;
  private renewing = false;

  constructor(private readonly line: Line) {}

  start(now: number): void {
    this.started = true;
    this.attempt = 0;
    this.retryAt = now;
    this.renewAt = this.pollAt = now + POLL_MS;
    this.become("connecting");
    this.beat(now);
  }

  stop(): void {
    this.started = false;
    this.drop();
  }

  /** The network or the page came back: do not wait for the next try. */
  wake(now: number): void {
    if (!this.started || this.socket !== null) return;
    this.attempt = 0;
    this.retryAt = 0;
    this.beat(now);
  }

  /** The browser says that the network is gone: ask the socket now instead of at the next renewal. */
  doubt(now: number): void {
    if (!this.open) return;
    this.renewAt = now;
    this.beat(now);
  }

  /** Sends a frame over the socket; false when there is none, and the caller has to use HTTP or to wait. */
  send(frame: object): boolean {
    return this.open && (this.socket?.send(frame) ?? false);
  }

  beat(now: number): void {
    if (!this.started) return;
    if (this.socket === null && now >= this.retryAt) this.connect(now);
    if (this.socket !== null && !this.open && now - this.openingSince >= OPENING_MS) this.fail(now);
    if (this.renewSent !== null && now - this.renewSent >= SILENCE_MS) this.fail(now);
    if (this.open) {
      if (now >= this.renewAt) this.renewOverSocket(now);
    } else {
      if (now >= this.renewAt && !this.renewing) this.renewOverHttp(now);
      if (now >= this.pollAt && !this.polling) this.poll(now);
    }
  }

  private connect(now: number): void {
    this.openingSince = now;
    const socket = this.line.open({
      onOpen: () => {
        if (this.socket !== socket) return;
        this.open = true;
        this.become("live");
        this.renewOverSocket(Date.now());
        this.line.opened();
      },
      onFrame: (frame) => {
        if (this.socket !== socket) return;
        this.attempt = 0;
        if (frame.type === "renewed") {
          if (this.renewSent !== null) this.line.renewed(frame.mine, this.renewSent, frame.lease_seconds * 1_000);
          this.renewSent = null;
        } else {
          this.line.frame(frame);
        }
      },
      onClose: () => {
        if (this.socket === socket) this.fail(Date.now());
      },
    });
    this.socket = socket;
  }

  private fail(now: number): void {
    this.drop();
    if (!this.started) return;
    this.retryAt = now + backoff(this.attempt, this.line.random());
    this.attempt += 1;
    // Whether anything else answers shows at the first poll, which is due at once.
    if (this.state === "connecting" || this.state === "live") {
      this.become("connecting");
      this.pollAt = now;
      this.renewAt = now;
      this.beat(now);
    }
  }

  private drop(): void {
    const socket = this.socket;
    this.socket = null;
    this.open = false;
    this.renewSent = null;
    socket?.close();
  }

  private renewOverSocket(now: number): void {
    this.renewAt = now + RENEW_MS;
    this.renewSent ??= now;
    this.socket?.send({ type: "renew" });
  }

  private renewOverHttp(now: number): void {
    this.renewing = true;
    this.renewAt = now + RENEW_MS;
    this.line.renew().catch(() => {
      // Tried again with the next poll: each second counts while leases run out.
      this.renewAt = now + POLL_MS;
    }).finally(() => {
      this.renewing = false;
    });
  }

  private poll(now: number): void {
    this.polling = true;
    this.pollAt = now + POLL_MS;
    this.line.poll().then(
      () => this.answered("polling"),
      () => this.answered("offline"),
    ).finally(() => {
      this.polling = false;
    });
  }

  private answered(state: "polling" | "offline"): void {
    if (this.started && !this.open) this.become(state);
  }

  private become(state: LinkState): void {
    if (this.state === state) return;
    this.state = state;
    this.line.changed(state);
  }
}
