/**
 * One conversation as the page sees it. It receives over the WebSocket, or by long poll while that cannot open, and
 * sends by POST: one message at a time, in order, with the same client_id until the front desk has acknowledged it.
 */
import { request } from "../shared/api";
import { ApiError } from "../shared/errors";
import { backoff, Live } from "../shared/live";
import { Accepted, CitizenFrame, Created, Events, OwnerAnswer, type Event, type Now } from "../shared/schemas";
import { merge, stillToSend } from "./timeline";
import { emptyTrace, loadTrace, saveTrace, type Outgoing, type Trace } from "./trace";

export interface State extends Trace {
  events: Event[];
  now: Now | null;
  /** False from a reload until what was said before has arrived. */
  loaded: boolean;
  /** client_id of the message on its way at this moment. */
  sending: string | null;
  /** `down`: neither socket nor poll gets through. */
  connection: "idle" | "connecting" | "up" | "down";
  /** A French sentence about the last failed call, else null. */
  problem: string | null;
  /** The conversation can't be reached with this token any more. */
  gone: boolean;
  /** It was just erased here and can still be taken back. */
  undoable: boolean;
}

const fresh = (trace: Trace): State => ({
  ...trace,
  events: [],
  now: null,
  loaded: trace.conversation === null,
  sending: null,
  connection: "idle",
  problem: null,
  gone: false,
  undoable: false,
});

const UNDO_MS = 10_000;
/** The front desk shows « is typing » for 6 s; a lost frame must not leave it standing. */
const TYPING_MS = 8_000;
const POLL_SECONDS = 10;

function newId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

const lost = (problem: unknown): boolean => problem instanceof ApiError && [401, 403, 404].includes(problem.status);

export class Conversation {
  #state: State;
  readonly #listeners = new Set<() => void>();
  #live: Live<typeof CitizenFrame> | null = null;
  #poll: AbortController | null = null;
  #retry: ReturnType<typeof setTimeout> | undefined;
  #failures = 0;
  #typingEnds: ReturnType<typeof setTimeout> | undefined;
  #typingSent = 0;
  #undo: { trace: Trace; waiting: boolean; timer: ReturnType<typeof setTimeout> } | null = null;
  /** Rises when the conversation is erased or replaced: answers to older calls are then ignored. */
  #epoch = 0;

  constructor() {
    const trace = loadTrace();
    this.#state = fresh(trace);
    addEventListener("online", this.#retryNow);
    if (trace.conversation) this.#connect();
    void this.#pump();
  }

  get state(): State {
    return this.#state;
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #set(change: Partial<State>): void {
    this.#state = { ...this.#state, ...change };
    if ("conversation" in change || "outbox" in change || "draft" in change) {
      const { conversation, outbox, draft } = this.#state;
      saveTrace({ conversation, outbox, draft });
    }
    for (const listener of this.#listeners) listener();
  }

  // Writing

  setDraft(draft: string): void {
    this.#set({ draft });
    const at = Date.now();
    if (draft && this.#state.now?.owner === "agent" && at - this.#typingSent > 3_000) {
      this.#typingSent = at;
      this.#live?.send({ type: "typing" });
    }
  }

  /** Puts one message into the outbox and starts sending. The text was checked by checkText. */
  say(text: string, payload?: string): void {
    this.#finishErase();
    const message: Outgoing = { client_id: newId(), text: text.trim(), at: new Date().toISOString() };
    if (payload) message.payload = payload;
    this.#set({ outbox: [...this.#state.outbox, message] });
    void this.#pump();
  }

  /** Sends a refused or waiting message again at once, with the same client_id. */
  retry(clientId: string): void {
    this.#set({
      outbox: this.#state.outbox.map((message) => {
        if (message.client_id !== clientId) return message;
        const { refused: _, ...again } = message;
        return again;
      }),
    });
    this.#retryNow();
  }

  /** Takes a refused message back into the text box. */
  takeBack(clientId: string): void {
    const { draft, outbox } = this.#state;
    const message = outbox.find((one) => one.client_id === clientId);
    if (!message) return;
    this.#set({
      outbox: outbox.filter((one) => one !== message),
      draft: draft ? `${message.text}\n${draft}` : message.text,
    });
  }

  readonly #retryNow = (): void => {
    clearTimeout(this.#retry);
    this.#retry = undefined;
    void this.#pump();
  };

  /** Sends what waits, one after the other. A passing failure stops the row, which comes back by itself. */
  async #pump(): Promise<void> {
    if (this.#state.sending !== null || this.#retry !== undefined || this.#state.gone) return;
    const message = this.#state.outbox.find((one) => !one.refused && one.seq === undefined);
    if (!message) return;
    const epoch = this.#epoch;
    this.#set({ sending: message.client_id });
    try {
      const conversation = this.#state.conversation ?? (await this.#create(epoch));
      if (conversation === null) return;
      const { client_id, text, payload } = message;
      const { seq } = await request(Accepted, "POST", `/conversations/${conversation.id}/messages`, {
        body: payload ? { client_id, text, payload } : { client_id, text },
        token: conversation.token,
      });
      if (epoch !== this.#epoch) return;
      this.#failures = 0;
      const outbox = this.#state.outbox.map((one) => (one.client_id === client_id ? { ...one, seq } : one));
      this.#set({ outbox: stillToSend(outbox, this.#state.events), sending: null, problem: null });
    } catch (problem) {
      if (epoch !== this.#epoch) return;
      this.#set({ sending: null });
      this.#refuse(message, problem);
    }
    await this.#pump();
  }

  async #create(epoch: number): Promise<{ id: string; token: string } | null> {
    const created = await request(Created, "POST", "/conversations", { body: {} });
    if (epoch !== this.#epoch) return null;
    const conversation = { id: created.conversation_id, token: created.token };
    this.#set({ conversation, loaded: true });
    this.#connect();
    return conversation;
  }

  #refuse(message: Outgoing, problem: unknown): void {
    if (!(problem instanceof ApiError)) throw problem;
    if (this.#state.conversation && lost(problem)) return this.#end();
    if (problem.passing) {
      const wait = problem.retryAfter !== null ? problem.retryAfter * 1_000 : backoff(this.#failures);
      this.#failures += 1;
      this.#retry = setTimeout(this.#retryNow, wait);
      return this.#set({ problem: problem.message });
    }
    const outbox = this.#state.outbox.map((one) =>
      one.client_id === message.client_id ? { ...one, refused: problem.message } : one,
    );
    this.#set({ outbox });
  }

  // Receiving

  #connect(): void {
    const conversation = this.#state.conversation;
    if (!conversation) return;
    this.#set({ connection: "connecting" });
    this.#live = new Live(CitizenFrame, `/conversations/${conversation.id}/live`, {
      onOpen: (send) => send({ type: "auth", token: conversation.token, after: this.#cursor }),
      onFrame: (frame) => {
        if (frame.type === "error") return; // a close follows, or it answers a typing frame
        this.#poll?.abort();
        this.#poll = null;
        if (frame.type === "events") this.#take(frame.events, frame.now ?? null);
        else if (frame.type === "now") this.#take([], frame.now);
        if (this.#state.connection !== "up") this.#up();
      },
      onDown: (code, attempts) => {
        // Refused (bad token, too many sockets) or not opening: the poll's HTTP answer says what is the matter.
        if (attempts >= 2 || code === 4401 || code === 4429) void this.#pollOn();
        else this.#set({ connection: "connecting" });
        return true;
      },
    });
  }

  get #cursor(): number {
    return this.#state.events[this.#state.events.length - 1]?.seq ?? 0;
  }

  #up(): void {
    this.#set({ connection: "up" });
    if (this.#retry !== undefined) this.#retryNow();
  }

  #take(incoming: Event[], now: Now | null): void {
    const { events, hole } = merge(this.#state.events, incoming);
    clearTimeout(this.#typingEnds);
    if (now?.typing.length) {
      this.#typingEnds = setTimeout(() => {
        if (this.#state.now) this.#set({ now: { ...this.#state.now, typing: [] } });
      }, TYPING_MS);
    }
    const outbox = stillToSend(this.#state.outbox, events);
    this.#set({
      events,
      loaded: true,
      ...(now ? { now } : {}),
      ...(outbox === this.#state.outbox ? {} : { outbox }),
    });
    // Never seen from a front desk that keeps its word; the poll asks for what is missing.
    if (hole) void this.#pollOn();
  }

  /** The long poll, while the socket does not open. It ends when a socket frame arrives. */
  async #pollOn(): Promise<void> {
    const conversation = this.#state.conversation;
    if (this.#poll || !conversation) return;
    const abort = new AbortController();
    this.#poll = abort;
    let failures = 0;
    let wait = 0;
    while (!abort.signal.aborted) {
      const path = `/conversations/${conversation.id}/events?after=${this.#cursor}&wait=${wait}`;
      try {
        const answer = await request(Events, "GET", path, {
          token: conversation.token,
          signal: abort.signal,
          timeoutMs: (POLL_SECONDS + 15) * 1_000,
        });
        if (abort.signal.aborted) return;
        failures = 0;
        wait = POLL_SECONDS;
        this.#take(answer.events, answer.now ?? null);
        if (this.#state.connection !== "up") this.#up();
      } catch (problem) {
        if (abort.signal.aborted) return;
        if (!(problem instanceof ApiError)) throw problem;
        if (lost(problem)) return this.#end();
        this.#set({ connection: "down" });
        wait = 0;
        const pause = problem.retryAfter !== null ? problem.retryAfter * 1_000 : backoff(failures);
        failures += 1;
        await nextTry(pause, abort.signal);
      }
    }
  }

  #disconnect(): void {
    this.#live?.stop();
    this.#live = null;
    this.#poll?.abort();
    this.#poll = null;
    clearTimeout(this.#typingEnds);
    clearTimeout(this.#retry);
    this.#retry = undefined;
  }

  #end(): void {
    this.#disconnect();
    this.#set({ gone: true, connection: "idle", sending: null });
  }

  // Ending

  /** A new conversation; what was not sent goes with it, what is being typed stays. */
  startAfresh(): void {
    this.#disconnect();
    this.#epoch += 1;
    const outbox = this.#state.outbox.filter((one) => one.seq === undefined);
    const trace = { ...emptyTrace(), outbox, draft: this.#state.draft };
    this.#set(fresh(trace));
    void this.#pump();
  }

  /** Erases it from this browser at once; for 10 s `undoErase` can take it back from memory. */
  erase(): void {
    this.#finishErase();
    const { conversation, outbox, draft, now } = this.#state;
    this.#disconnect();
    this.#epoch += 1;
    this.#undo = {
      trace: { conversation, outbox, draft },
      waiting: now?.owner === "queue",
      timer: setTimeout(() => this.#finishErase(), UNDO_MS),
    };
    this.#set({ ...fresh(emptyTrace()), undoable: true });
  }

  undoErase(): void {
    if (!this.#undo) return;
    const { trace, timer } = this.#undo;
    clearTimeout(timer);
    this.#undo = null;
    this.#set(fresh(trace));
    this.#connect();
    void this.#pump();
  }

  #finishErase(): void {
    if (!this.#undo) return;
    const { trace, waiting, timer } = this.#undo;
    clearTimeout(timer);
    this.#undo = null;
    this.#set({ undoable: false });
    if (waiting && trace.conversation) void leaveQueue(trace.conversation);
  }

  /** Stops everything, for leaving the page. Nothing is written to storage after this. */
  stop(): void {
    this.#epoch += 1;
    removeEventListener("online", this.#retryNow);
    if (this.#undo) clearTimeout(this.#undo.timer);
    this.#undo = null;
    this.#disconnect();
    this.#listeners.clear();
  }
}

/** Nobody sits in front of this conversation any more: it need not take a place in the queue. */
async function leaveQueue(conversation: { id: string; token: string }): Promise<void> {
  try {
    await request(OwnerAnswer, "DELETE", `/conversations/${conversation.id}/handoff`, { token: conversation.token });
  } catch (problem) {
    // An agent has it already, or there is no network: the agent will see that nobody answers.
    if (!(problem instanceof ApiError)) throw problem;
  }
}

/** Resolves after `milliseconds`, earlier when the network returns or `signal` aborts. */
function nextTry(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      removeEventListener("online", done);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    addEventListener("online", done);
    signal.addEventListener("abort", done);
  });
}
