/** A WebSocket that comes back by itself: back-off with jitter, a heartbeat, an immediate try when the network returns. */
import type * as v from "valibot";
import { openSocket, type Socket } from "./api";

export interface LiveHandlers<Frame> {
  /** Called on each opening: send the first frame here (token, cursor). */
  onOpen(send: (frame: object) => boolean): void;
  onFrame(frame: Frame): void;
  /** `attempts` is how many openings in a row have failed; 0 after one that received a frame. Return false to give up. */
  onDown(code: number, attempts: number): boolean;
}

/** Full jitter: half of the span is random, so that thousands of pages do not come back in the same second. */
export function backoff(attempt: number, random: number = Math.random()): number {
  const span = Math.min(30_000, 1_000 * 2 ** Math.min(attempt, 5));
  return span / 2 + (span / 2) * random;
}

const HEARTBEAT_MS = 25_000;
const SILENCE_MS = 10_000;

export class Live<S extends v.GenericSchema> {
  #socket: Socket | null = null;
  #attempts = 0;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #beat: ReturnType<typeof setTimeout> | undefined;
  #stopped = false;

  /** `heartbeat` is the frame sent after 25 s without news; no frame within 10 s of it counts as a lost connection. */
  constructor(
    readonly schema: S,
    readonly path: string,
    readonly handlers: LiveHandlers<v.InferOutput<S>>,
    readonly heartbeat: object = { type: "ping" },
  ) {
    addEventListener("online", this.#now);
    document.addEventListener("visibilitychange", this.#now);
    this.#open();
  }

  /** False when there is no open connection: nothing was sent. */
  send(frame: object): boolean {
    return this.#socket?.send(frame) ?? false;
  }

  /** Ends it for good. */
  stop(): void {
    this.#stopped = true;
    removeEventListener("online", this.#now);
    document.removeEventListener("visibilitychange", this.#now);
    clearTimeout(this.#retry);
    clearTimeout(this.#beat);
    this.#socket?.close();
    this.#socket = null;
  }

  /** The network is back or the page is looked at again: no reason to wait for the next try. */
  readonly #now = (): void => {
    if (this.#stopped || document.hidden) return;
    if (this.#socket === null) this.#open();
    else this.#listen(0);
  };

  #open(): void {
    clearTimeout(this.#retry);
    clearTimeout(this.#beat);
    this.#socket = openSocket(this.schema, this.path, {
      onOpen: () => {
        this.handlers.onOpen((frame) => this.send(frame));
        this.#listen();
      },
      onFrame: (frame) => {
        this.#attempts = 0;
        this.#listen();
        this.handlers.onFrame(frame);
      },
      onClose: (code) => this.#down(code),
    });
    // Some proxies leave the opening without any answer.
    this.#beat = setTimeout(() => this.#lost(), SILENCE_MS);
  }

  #lost(): void {
    this.#socket?.close();
    this.#down(4000);
  }

  #listen(delay: number = HEARTBEAT_MS): void {
    clearTimeout(this.#beat);
    this.#beat = setTimeout(() => {
      if (!this.send(this.heartbeat)) return; // still opening, or already closed: onClose follows
      this.#beat = setTimeout(() => this.#lost(), SILENCE_MS);
    }, delay);
  }

  #down(code: number): void {
    clearTimeout(this.#beat);
    this.#socket = null;
    if (this.#stopped) return;
    this.#attempts += 1;
    if (this.handlers.onDown(code, this.#attempts)) {
      this.#retry = setTimeout(() => this.#open(), backoff(this.#attempts - 1));
    } else this.stop();
  }
}
