/** The outbox against a front desk that fails in every way: nothing lost, nothing doubled, nothing out of order. */
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { Conversation } from "./conversation";

interface Sent {
  client_id: string;
  text: string;
}

/** A front desk in memory, behind a network that `trouble` can break before or after the desk has stored a message. */
class Desk {
  stored: Sent[] = [];
  attempts: Sent[] = [];
  trouble: ((nth: number) => "cut before" | "cut after" | Response | null) | null = null;
  conversations = 0;

  readonly fetch = async (address: string, options: RequestInit): Promise<Response> => {
    const path = address.replace("/api/v1/conversations", "");
    if (options.method === "POST" && path === "") {
      this.conversations += 1;
      return Response.json({ conversation_id: `c${this.conversations}`, token: "secret", cursor: 0 }, { status: 201 });
    }
    if (new Headers(options.headers).get("Authorization") !== "Bearer secret") throw new Error("no token sent");
    if (options.method === "POST" && path.endsWith("/messages")) {
      const message = JSON.parse(String(options.body)) as Sent;
      this.attempts.push(message);
      const trouble = this.trouble?.(this.attempts.length) ?? null;
      if (trouble === "cut before") throw new TypeError("network");
      if (trouble instanceof Response) return trouble;
      const known = this.stored.findIndex((one) => one.client_id === message.client_id);
      if (known < 0) this.stored.push(message);
      if (trouble === "cut after") throw new TypeError("network");
      const seq = known < 0 ? this.stored.length : known + 1;
      return Response.json({ seq }, { status: known < 0 ? 202 : 200 });
    }
    if (options.method === "GET") {
      await new Promise((_, reject) => options.signal?.addEventListener("abort", () => reject(new TypeError("aborted"))));
    }
    throw new Error(`the desk does not know ${options.method} ${path}`);
  };

  get texts(): string[] {
    return this.stored.map((one) => one.text);
  }
}

/** A socket that never opens: the page then sends and receives without it. */
class ClosedSocket {
  static readonly OPEN = 1;
  readonly readyState = 0;
  onclose: ((event: { code: number }) => void) | null = null;
  constructor() {
    setTimeout(() => this.onclose?.({ code: 1006 }), 10);
  }
  close(): void {}
}

class MemoryStorage {
  readonly items = new Map<string, string>();
  getItem = (key: string): string | null => this.items.get(key) ?? null;
  setItem = (key: string, value: string): void => void this.items.set(key, value);
  removeItem = (key: string): void => void this.items.delete(key);
}

let desk: Desk;
let storage: MemoryStorage;
let page: EventTarget;
const open: Conversation[] = [];

function load(): Conversation {
  const conversation = new Conversation();
  open.push(conversation);
  return conversation;
}

beforeEach(() => {
  vi.useFakeTimers();
  desk = new Desk();
  storage = new MemoryStorage();
  page = new EventTarget();
  vi.stubGlobal("fetch", desk.fetch);
  vi.stubGlobal("WebSocket", ClosedSocket);
  vi.stubGlobal("location", { href: "https://exemple.fr/" });
  vi.stubGlobal("document", Object.assign(new EventTarget(), { hidden: false }));
  vi.stubGlobal("window", { sessionStorage: storage });
  vi.stubGlobal("addEventListener", page.addEventListener.bind(page));
  vi.stubGlobal("removeEventListener", page.removeEventListener.bind(page));
});

afterEach(() => {
  for (const conversation of open.splice(0)) conversation.stop();
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

const pass = (milliseconds: number): Promise<unknown> => vi.advanceTimersByTimeAsync(milliseconds);
const failure = (status: number, code: string, headers: Record<string, string> = {}): Response =>
  Response.json({ error: { code, message: "Une phrase.", details: {} } }, { status, headers });

describe("sending", () => {
  it("opens the conversation with the first message, once", async () => {
    const conversation = load();
    expect(desk.conversations).toBe(0);
    conversation.say("un");
    conversation.say("deux");
    await pass(0);
    expect(desk.conversations).toBe(1);
    expect(desk.texts).toEqual(["un", "deux"]);
    expect(conversation.state.outbox.map((one) => one.seq)).toEqual([1, 2]);
  });

  it("repeats with the same client_id when the acknowledgement is lost", async () => {
    desk.trouble = (nth) => (nth === 1 ? "cut after" : null);
    load().say("une fois");
    await pass(5_000);
    expect(desk.texts).toEqual(["une fois"]);
    expect(desk.attempts).toHaveLength(2);
    expect(new Set(desk.attempts.map((one) => one.client_id)).size).toBe(1);
  });

  it("keeps the order when the first one does not get through", async () => {
    desk.trouble = (nth) => (nth <= 3 ? "cut before" : null);
    const conversation = load();
    conversation.say("un");
    conversation.say("deux");
    await pass(0);
    expect(conversation.state.sending).toBeNull();
    await pass(60_000);
    expect(desk.texts).toEqual(["un", "deux"]);
  });

  it("goes on at once when the network returns", async () => {
    desk.trouble = (nth) => (nth === 1 ? "cut before" : null);
    load().say("un");
    await pass(0);
    expect(desk.texts).toEqual([]);
    page.dispatchEvent(new Event("online"));
    await pass(0);
    expect(desk.texts).toEqual(["un"]);
  });

  it("waits as long as the front desk asks for", async () => {
    desk.trouble = (nth) => (nth === 1 ? failure(429, "rate_limited", { "Retry-After": "7" }) : null);
    const conversation = load();
    conversation.say("un");
    await pass(6_900);
    expect(desk.attempts).toHaveLength(1);
    expect(conversation.state.problem).toContain("Patientez");
    await pass(200);
    expect(desk.texts).toEqual(["un"]);
    expect(conversation.state.problem).toBeNull();
  });

  it("sets a refused message aside, sends the next, and gives the text back", async () => {
    desk.trouble = (nth) => (nth === 1 ? failure(422, "text_too_long") : null);
    const conversation = load();
    conversation.say("trop long");
    conversation.say("court");
    await pass(60_000);
    expect(desk.texts).toEqual(["court"]);
    const [refused] = conversation.state.outbox;
    expect(refused?.refused).toContain("2\u00a0000");
    conversation.takeBack(refused?.client_id ?? "");
    expect(conversation.state.draft).toBe("trop long");
  });

  it("keeps what was not sent when the conversation is gone, for a new one", async () => {
    desk.trouble = (nth) => (nth === 1 ? failure(404, "not_found") : null);
    const conversation = load();
    conversation.say("gardé");
    await pass(60_000);
    expect(conversation.state.gone).toBe(true);
    expect(desk.texts).toEqual([]);
    conversation.startAfresh();
    await pass(0);
    expect(desk.conversations).toBe(2);
    expect(desk.texts).toEqual(["gardé"]);
  });
});

describe("this browser's trace", () => {
  it("survives a reload with what was not acknowledged and the draft", async () => {
    desk.trouble = () => "cut after";
    const before = load();
    before.say("un");
    before.setDraft("suite");
    await pass(0);
    before.stop();
    desk.trouble = null;
    const after = load();
    expect(after.state.draft).toBe("suite");
    await pass(0);
    expect(desk.conversations).toBe(1);
    expect(desk.texts).toEqual(["un"]);
    expect(new Set(desk.attempts.map((one) => one.client_id)).size).toBe(1);
  });

  it("is erased at once, and can be taken back for 10 s", async () => {
    const conversation = load();
    conversation.say("un");
    await pass(0);
    conversation.erase();
    expect(storage.items.size).toBe(0);
    expect(conversation.state).toMatchObject({ conversation: null, outbox: [], undoable: true });
    conversation.undoErase();
    expect(conversation.state.conversation).toEqual({ id: "c1", token: "secret" });
    conversation.erase();
    await pass(10_000);
    expect(conversation.state.undoable).toBe(false);
    conversation.undoErase();
    expect(conversation.state.conversation).toBeNull();
    expect(storage.items.size).toBe(0);
  });

  it("is not written again by an answer that arrives after erasing", async () => {
    const conversation = load();
    conversation.say("un");
    conversation.erase();
    await pass(20_000);
    expect(storage.items.size).toBe(0);
    expect(conversation.state.conversation).toBeNull();
  });

  it("holds nothing when there is nothing to resume, and ignores what it can't read", () => {
    const conversation = load();
    conversation.setDraft("a");
    expect(storage.items.size).toBe(1);
    conversation.setDraft("");
    expect(storage.items.size).toBe(0);
    storage.setItem("relais", '{"conversation": 3}');
    expect(load().state.conversation).toBeNull();
    expect(storage.items.size).toBe(0);
  });
});
