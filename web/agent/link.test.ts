import { afterEach, beforeEach, expect, test, vi } from "vitest";
import type { AgentFrame } from "../shared/schemas";
import { Link, RENEW_MS, SILENCE_MS, type Line, type LinkState } from "./link";

type Handlers = Parameters<Line["open"]>[0];

/** The other end of the line: sockets that this test opens, answers and closes by hand. */
class Desk {
  sockets: { on: Handlers; sent: { type: string }[]; closed: boolean }[] = [];
  states: LinkState[] = [];
  frames: AgentFrame[] = [];
  renewals: { mine: string[]; sentAt: number; leaseMs: number }[] = [];
  polls = 0;
  httpRenewals = 0;
  httpWorks = true;
  opened = 0;
  readonly link = new Link({
    open: (on) => {
      const socket = { on, sent: [] as { type: string }[], closed: false };
      this.sockets.push(socket);
      return {
        send: (frame) => {
          socket.sent.push(frame as { type: string });
          return true;
        },
        close: () => {
          socket.closed = true;
        },
      };
    },
    poll: () => {
      this.polls += 1;
      return this.httpWorks ? Promise.resolve() : Promise.reject(new Error("no answer"));
    },
    renew: () => {
      this.httpRenewals += 1;
      return this.httpWorks ? Promise.resolve() : Promise.reject(new Error("no answer"));
    },
    opened: () => {
      this.opened += 1;
    },
    frame: (frame) => this.frames.push(frame),
    renewed: (mine, sentAt, leaseMs) => this.renewals.push({ mine, sentAt, leaseMs }),
    changed: (state) => this.states.push(state),
    random: () => 1,
  });

  get socket() {
    const last = this.sockets[this.sockets.length - 1];
    if (!last) throw new Error("no socket was opened");
    return last;
  }

  renewed(): void {
    this.socket.on.onFrame({ type: "renewed", lease_seconds: 30, mine: ["a"] });
  }

  /** Lets seconds pass, as the worker's clock does; `answer` answers renewals at once. */
  async seconds(count: number, answer = false): Promise<void> {
    for (let second = 0; second < count; second += 1) {
      const before = this.socket.sent.length;
      await vi.advanceTimersByTimeAsync(1_000);
      this.link.beat(Date.now());
      await vi.advanceTimersByTimeAsync(0);
      if (answer && this.socket.sent.length > before) this.renewed();
    }
  }

  static live(): Desk {
    const desk = new Desk();
    desk.link.start(Date.now());
    desk.socket.on.onOpen();
    desk.renewed();
    return desk;
  }
}

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

test("an open socket renews at once and then every ten seconds", async () => {
  const desk = Desk.live();
  expect(desk.link.state).toBe("live");
  expect(desk.opened).toBe(1);
  await desk.seconds(30, true);
  expect(desk.socket.sent.filter((frame) => frame.type === "renew")).toHaveLength(1 + 30_000 / RENEW_MS);
  expect(desk.polls).toBe(0);
});

test("a lease counts from the moment at which its renewal was asked for", async () => {
  const desk = new Desk();
  desk.link.start(Date.now());
  desk.socket.on.onOpen();
  const asked = Date.now();
  await vi.advanceTimersByTimeAsync(2_000);
  desk.renewed();
  expect(desk.renewals).toEqual([{ mine: ["a"], sentAt: asked, leaseMs: 30_000 }]);
});

test("frames other than renewals are handed on", () => {
  const desk = Desk.live();
  desk.socket.on.onFrame({ type: "queue", waiting: [], mine: [] });
  expect(desk.frames).toEqual([{ type: "queue", waiting: [], mine: [] }]);
});

test("a closed socket is replaced by polling and renewals over HTTP at once", async () => {
  const desk = Desk.live();
  desk.socket.on.onClose(1006);
  await vi.advanceTimersByTimeAsync(0);
  expect(desk.polls).toBe(1);
  expect(desk.httpRenewals).toBe(1);
  expect(desk.link.state).toBe("polling");
});

test("when HTTP does not answer either the console is offline, and renewals are tried with each poll", async () => {
  const desk = Desk.live();
  desk.httpWorks = false;
  desk.socket.on.onClose(1006);
  await desk.seconds(9);
  expect(desk.link.state).toBe("offline");
  expect(desk.httpRenewals).toBeGreaterThanOrEqual(3);
});

test("a socket that stays silent after a renewal is given up long before the lease ends", async () => {
  const desk = Desk.live();
  const first = desk.socket;
  await desk.seconds((RENEW_MS + SILENCE_MS) / 1_000);
  expect(first.closed).toBe(true);
  expect(desk.httpRenewals).toBe(1);
});

test("a doubt is settled within seconds, not at the next renewal", async () => {
  const desk = Desk.live();
  const first = desk.socket;
  await desk.seconds(2, true);
  desk.link.doubt(Date.now());
  await desk.seconds(SILENCE_MS / 1_000);
  expect(first.closed).toBe(true);
});

test("tries get rarer while the socket fails, and the first frame of a new one starts afresh", async () => {
  const desk = Desk.live();
  const fail = (): void => desk.socket.on.onClose(1006);
  fail();
  await desk.seconds(1);
  expect(desk.sockets).toHaveLength(2);
  fail();
  await desk.seconds(1);
  expect(desk.sockets).toHaveLength(2);
  await desk.seconds(1);
  expect(desk.sockets).toHaveLength(3);
  // Accepted and closed without a word (an ended session): still the same series.
  desk.socket.on.onOpen();
  fail();
  await desk.seconds(3);
  expect(desk.sockets).toHaveLength(3);
  await desk.seconds(1);
  expect(desk.sockets).toHaveLength(4);
  desk.socket.on.onOpen();
  desk.renewed();
  expect(desk.link.state).toBe("live");
  fail();
  await desk.seconds(1);
  expect(desk.sockets).toHaveLength(5);
});

test("a returning network does not wait for the next try", async () => {
  const desk = Desk.live();
  for (let failures = 0; failures < 5; failures += 1) {
    desk.socket.on.onClose(1006);
    desk.link.wake(Date.now());
  }
  expect(desk.sockets).toHaveLength(6);
});

test("a socket that never opens is given up", async () => {
  const desk = new Desk();
  desk.link.start(Date.now());
  await desk.seconds(9);
  expect(desk.sockets[0]?.closed).toBe(true);
  expect(desk.link.state).toBe("polling");
});

test("frames of a socket that was given up are ignored", async () => {
  const desk = Desk.live();
  const old = desk.socket;
  old.on.onClose(1006);
  await desk.seconds(1);
  old.on.onFrame({ type: "queue", waiting: [], mine: [] });
  expect(desk.frames).toEqual([]);
});

test("a stopped console asks for nothing any more", async () => {
  const desk = Desk.live();
  desk.link.stop();
  expect(desk.socket.closed).toBe(true);
  await desk.seconds(40);
  expect(desk.sockets).toHaveLength(1);
  expect(desk.polls + desk.httpRenewals).toBe(0);
  expect(desk.link.send({ type: "watch" })).toBe(false);
});
