/** Everything that the console knows and does. The components show `state` and call these functions. */

import { ApiError } from "../shared/errors";
import { textLength } from "../shared/format";
import { backoff } from "../shared/live";
import type { AgentFrame, AgentSession, Event, Now, QueueItem, Submission } from "../shared/schemas";
import * as api from "./api";
import { onBeat, stayAwake } from "./clock";
import { Link, type LinkState } from "./link";
import * as outbox from "./outbox";
import { arrivals, inOrder, isUrgent, lost, seenAfter, unreadTotal, type Seen } from "./queue";
import { playMessage, playUrgent } from "./sound";
import { Store } from "./store";
import { later } from "./submissions";
import { arrived, lastSeq, merge } from "./transcript";
import { plural, reasonWords, shortName } from "./words";

export const TEXT_LIMIT = 2_000;
const TYPING_MS = 3_000;
const URGENT_AGAIN_MS = 30_000;
const LEASE_MS = 30_000;
/** After a claim, a queue frame that was on its way already does not count as its loss. */
const CLAIM_SETTLES_MS = 3_000;

/** A conversation as far as this console has read it. */
export interface Thread {
  status: "loading" | "ready" | "failed";
  /** Why it could not be read, in French. */
  error: string | null;
  events: readonly Event[];
  submissions: readonly Submission[];
  now: Now | null;
  /** The handoff as it was last seen: it stays readable after the conversation has left this agent. */
  item: QueueItem | null;
}

export interface Notice {
  id: number;
  tone: "info" | "good" | "bad";
  text: string;
}

export interface State {
  phase: "starting" | "unreachable" | "signed-out" | "signed-in";
  agent: AgentSession["agent"] | null;
  /** Shown above the sign-in form, for example when the session has ended. */
  signInNotice: string | null;
  link: LinkState;
  /** False until the queue has been seen once. */
  queueKnown: boolean;
  /** Urgent first. */
  waiting: readonly QueueItem[];
  mine: readonly QueueItem[];
  seen: Seen;
  /** When each claim runs out unless it is renewed, by this browser's clock, in milliseconds. */
  leases: Readonly<Record<string, number>>;
  selected: string | null;
  threads: Readonly<Record<string, Thread>>;
  writing: outbox.Writing;
  /** The conversation whose claim is being asked for. */
  claiming: string | null;
  notices: readonly Notice[];
  /** What a screen reader is told: calmly, and at once. */
  said: string;
  alerted: string;
  sound: boolean;
  singleKeys: boolean;
}

const EMPTY: Thread = { status: "loading", error: null, events: [], submissions: [], now: null, item: null };

const signedOutState = {
  agent: null, queueKnown: false, waiting: [], mine: [], seen: {}, leases: {}, claiming: null, notices: [], said: "", alerted: "",
} satisfies Partial<State>;

export type Relation = "mine" | "waiting" | "elsewhere";

export function relation(state: State, conversation: string): Relation {
  if (state.mine.some((item) => item.conversation_id === conversation)) return "mine";
  return state.waiting.some((item) => item.conversation_id === conversation) ? "waiting" : "elsewhere";
}

/** The moment at which the first claim runs out, or null without claims. */
export function firstLease(state: State): number | null {
  const ends = state.mine.map((item) => state.leases[item.conversation_id]).filter((end) => end !== undefined);
  return ends.length === 0 ? null : Math.min(...ends);
}

const SOUND_KEY = "relais.agent.sound";
const KEYS_KEY = "relais.agent.single-keys";

export class Console {
  readonly store = new Store<State>({
    ...signedOutState,
    phase: "starting",
    signInNotice: null,
    link: "connecting",
    selected: null,
    threads: {},
    writing: outbox.NOTHING,
    sound: localStorage.getItem(SOUND_KEY) !== "off",
    singleKeys: localStorage.getItem(KEYS_KEY) !== "off",
  });

  private readonly link = new Link({
    open: api.openLive,
    poll: () => this.poll(),
    renew: () => this.renewAll(),
    opened: () => {
      this.watched = null;
      this.watch();
    },
    frame: (frame) => this.onFrame(frame),
    renewed: (mine, sentAt, leaseMs) => this.setLeases(mine, sentAt + leaseMs),
    changed: (link) => {
      if (link !== "live") this.watched = null;
      this.store.set({ link });
    },
    random: Math.random,
  });

  /** Conversations that this agent let go, until the queue says so too. */
  private readonly letGo = new Set<string>();
  /** The conversation that the socket sends news of. */
  private watched: string | null = null;
  private readonly claimedAt = new Map<string, number>();
  private readonly retryAt = new Map<string, { at: number; attempt: number }>();
  private typingAt = 0;
  private urgentPlayedAt = 0;
  private noticeId = 0;
  /** The agent whose work is still on the page after the session has ended. */
  private lastAgent: string | null = null;
  private sleepAgain = (): void => undefined;

  constructor() {
    onBeat((now) => this.beat(now));
    const wake = (): void => {
      if (!document.hidden) this.link.wake(Date.now());
    };
    addEventListener("online", wake);
    addEventListener("offline", () => this.link.doubt(Date.now()));
    document.addEventListener("visibilitychange", wake);
  }

  // --- the session ---------------------------------------------------------------------------------------------

  /** Finds out who is signed in. */
  async begin(): Promise<void> {
    this.store.set({ phase: "starting" });
    try {
      this.signedIn(await api.session());
    } catch (problem) {
      if (isSignedOut(problem)) this.store.set({ phase: "signed-out" });
      else this.store.set({ phase: "unreachable", signInNotice: sentence(problem) });
    }
  }

  /** Throws ApiError when the front desk refuses. */
  async signIn(email: string, password: string): Promise<void> {
    this.signedIn(await api.signIn(email, password));
  }

  private signedIn(session: AgentSession): void {
    const agent = session.agent;
    const same = this.lastAgent === agent.id;
    this.lastAgent = agent.id;
    this.store.set({
      ...signedOutState,
      phase: "signed-in",
      agent,
      signInNotice: null,
      writing: outbox.load(sessionStorage, agent.id),
      ...(same ? {} : { selected: null, threads: {} }),
    });
    this.sleepAgain = stayAwake();
    this.link.start(Date.now());
  }

  /** Gives all conversations back to the queue and ends the session. Throws ApiError. */
  async signOut(): Promise<void> {
    for (const item of this.state.mine) {
      try {
        await this.release(item.conversation_id);
      } catch (problem) {
        // Lost in the same moment: then it is in the queue already.
        if (!(problem instanceof ApiError) || problem.code !== "not_owner") throw problem;
      }
    }
    await api.signOut();
    outbox.forget(sessionStorage);
    this.lastAgent = null;
    this.leave("La déconnexion est faite. À bientôt\u00a0!");
    this.store.set({ selected: null, threads: {}, writing: outbox.NOTHING });
  }

  /** The session ended by itself: everything that was written stays for the next sign-in. */
  private sessionEnded(): void {
    if (this.state.phase !== "signed-in") return;
    this.leave("Votre session est terminée. Connectez-vous de nouveau\u00a0: vos brouillons sont conservés.");
  }

  private leave(signInNotice: string): void {
    this.link.stop();
    this.sleepAgain();
    this.letGo.clear();
    this.claimedAt.clear();
    this.retryAt.clear();
    this.store.set({ ...signedOutState, phase: "signed-out", signInNotice });
  }

  // --- the queue -----------------------------------------------------------------------------------------------

  private onFrame(frame: AgentFrame): void {
    switch (frame.type) {
      case "queue":
        return this.onQueue(frame.waiting, frame.mine);
      case "events":
        return this.onEvents(frame);
      case "now":
        return this.patchThread(frame.conversation_id, { now: frame.now });
      case "error":
        if (frame.error.code === "not_signed_in") this.sessionEnded();
        // The conversation went to somebody else: the queue tells the agent, and `watch` asks again if it comes back.
        else if (frame.error.code === "not_yours") this.watched = null;
        else this.notify("bad", frame.error.message);
        return;
      case "renewed":
      case "pong":
        return;
    }
  }

  private onQueue(waitingNow: readonly QueueItem[], mineNow: readonly QueueItem[]): void {
    const state = this.state;
    const now = Date.now();
    for (const id of this.letGo) {
      if (!mineNow.some((item) => item.conversation_id === id)) this.letGo.delete(id);
    }
    const settling = state.mine.filter((item) => {
      const id = item.conversation_id;
      return !mineNow.some((other) => other.conversation_id === id) && now - (this.claimedAt.get(id) ?? 0) < CLAIM_SETTLES_MS;
    });
    for (const item of mineNow) this.claimedAt.delete(item.conversation_id);
    const mine = [...mineNow.filter((item) => !this.letGo.has(item.conversation_id)), ...settling];
    const held = new Set(mine.map((item) => item.conversation_id));
    const waiting = inOrder(waitingNow).filter((item) => !held.has(item.conversation_id));
    const gone = lost(state.mine, mine, this.letGo);
    const fresh = state.queueKnown ? arrivals(state.waiting, waiting) : waiting;
    const seen = seenAfter(state.seen, mine, this.reading);
    const moreToRead = unreadTotal(mine, seen) > unreadTotal(state.mine, state.seen);

    this.store.set({ waiting, mine, seen, queueKnown: true });
    for (const item of [...mine, ...waiting]) {
      if (this.state.threads[item.conversation_id]) this.patchThread(item.conversation_id, { item });
    }
    // A claim from before a reload has a lease of unknown age: the server's end of it is the best that is known.
    const unknown = mine.filter((item) => state.leases[item.conversation_id] === undefined);
    for (const item of unknown) {
      const end = item.lease_expires_at ? Date.parse(item.lease_expires_at) : now + LEASE_MS;
      this.setLeases([item.conversation_id], Math.min(end, now + LEASE_MS));
    }
    for (const item of gone) this.onLost(item, waiting);
    // The one on the screen may be somebody else's by now, or this agent's again.
    this.watch();
    this.announce(fresh.filter((item) => !gone.some((other) => other.conversation_id === item.conversation_id)));
    if (state.queueKnown && moreToRead && this.state.sound) playMessage();
  }

  private onLost(item: QueueItem, waiting: readonly QueueItem[]): void {
    const back = waiting.some((other) => other.conversation_id === item.conversation_id);
    this.notify("bad", back
      ? `La conversation ${shortName(item.conversation_id)} est retournée dans la file\u00a0: la connexion a été coupée trop longtemps. Vous pouvez la reprendre.`
      : `La conversation ${shortName(item.conversation_id)} n’est plus à vous\u00a0: elle a été reprise par un autre agent ou terminée.`);
  }

  private announce(fresh: readonly QueueItem[]): void {
    if (fresh.length === 0) return;
    const urgent = fresh.filter(isUrgent);
    if (urgent.length > 0) {
      this.store.set({
        alerted: `${plural(urgent.length, "nouvelle conversation urgente", "nouvelles conversations urgentes")} dans la file\u00a0: ${urgent.map((item) => reasonWords(item.reason)).join(", ")}.`,
      });
      this.playUrgentNow();
    } else {
      this.store.set({
        said: `${plural(fresh.length, "nouvelle conversation", "nouvelles conversations")} dans la file. ${plural(this.state.waiting.length, "personne attend", "personnes attendent")}.`,
      });
    }
  }

  private playUrgentNow(): void {
    this.urgentPlayedAt = Date.now();
    if (this.state.sound) playUrgent();
  }

  /** Takes a conversation and opens it. What goes wrong is told in a notice. */
  async claim(id: string): Promise<void> {
    if (this.state.claiming !== null) return;
    const sentAt = Date.now();
    this.store.set({ claiming: id });
    try {
      const { handoff } = await api.claim(id);
      this.letGo.delete(id);
      this.claimedAt.set(id, Date.now());
      const others = this.state.mine.filter((item) => item.conversation_id !== id);
      this.store.set({
        mine: [...others, handoff],
        waiting: this.state.waiting.filter((item) => item.conversation_id !== id),
      });
      this.setLeases([id], sentAt + LEASE_MS);
      this.open(id);
    } catch (problem) {
      if (problem instanceof ApiError && (problem.code === "already_claimed" || problem.code === "not_queued")) {
        this.store.set({ waiting: this.state.waiting.filter((item) => item.conversation_id !== id) });
        const name = problem.details["agent_name"];
        this.notify("info", problem.code === "already_claimed" && typeof name === "string"
          ? `${name} vient de prendre la conversation ${shortName(id)}.`
          : problem.message);
      } else {
        this.failed(problem);
      }
    } finally {
      this.store.set({ claiming: null });
    }
  }

  /** Gives a conversation back to the head of the queue. Throws ApiError. */
  async release(id: string): Promise<void> {
    await this.caught(api.release(id));
    this.gone(id);
  }

  /** Ends this agent's part. Throws ApiError. */
  async close(id: string, closing: api.Closing): Promise<void> {
    await this.caught(api.close(id, closing));
    this.gone(id);
    const writing = outbox.withOutgoing(outbox.withDraft(this.state.writing, id, ""), id, []);
    this.write(writing);
    this.notify("good", closing.return_to_assistant
      ? `La conversation ${shortName(id)} est rendue à l’assistant.`
      : `La conversation ${shortName(id)} est terminée.`);
  }

  private gone(id: string): void {
    this.letGo.add(id);
    this.store.set({ mine: this.state.mine.filter((item) => item.conversation_id !== id) });
    this.open(this.state.mine[0]?.conversation_id ?? null);
  }

  // --- one conversation ----------------------------------------------------------------------------------------

  /** Shows a conversation (one's own, or one that waits), or none. */
  open(id: string | null): void {
    const seen = seenAfter(this.state.seen, this.state.mine, id);
    this.store.set({ selected: id, seen });
    const followed = this.watch();
    if (id === null) return;
    if (this.state.threads[id]?.status !== "ready" || !followed) void this.load(id);
  }

  /** Reads what the console does not have of a conversation yet. */
  async load(id: string): Promise<void> {
    const known = this.state.threads[id];
    if (!known || known.status === "failed") {
      const item = [...this.state.mine, ...this.state.waiting].find((one) => one.conversation_id === id) ?? null;
      this.setThread(id, { ...EMPTY, ...known, status: "loading", error: null, item });
    }
    try {
      await this.fetchNews(id);
      if (this.state.selected === id) this.watch();
    } catch (problem) {
      if (isSignedOut(problem)) return this.sessionEnded();
      const thread = this.state.threads[id];
      // What is on the page stays on the page; the banner tells when the connection is lost.
      if (thread?.status === "loading") this.setThread(id, { ...thread, status: "failed", error: sentence(problem) });
    }
  }

  private async fetchNews(id: string): Promise<void> {
    const after = lastSeq(this.state.threads[id]?.events ?? []);
    const answer = await api.read(id, after);
    const thread = this.state.threads[id] ?? EMPTY;
    const { events } = merge(thread.events, answer.events);
    const submissions = later(thread.submissions, answer.submissions);
    this.setThread(id, { status: "ready", error: null, events, submissions, now: answer.now ?? null, item: answer.handoff ?? thread.item });
    this.settle(id);
  }

  /**
   * Follows the conversation on the screen over the socket, as long as it waits or is this agent's; false when there is
   * something to follow but no socket.
   */
  private watch(): boolean {
    const id = this.state.selected;
    const thread = id === null ? undefined : this.state.threads[id];
    const followed = id !== null && thread?.status === "ready" && relation(this.state, id) !== "elsewhere" ? id : null;
    if (followed === this.watched) return true;
    if (!this.link.send({ type: "watch", conversation_id: followed, after: lastSeq(thread?.events ?? []) })) return followed === null;
    this.watched = followed;
    return true;
  }

  private onEvents(frame: Extract<AgentFrame, { type: "events" }>): void {
    const id = frame.conversation_id;
    const thread = this.state.threads[id];
    if (!thread) return;
    const { events, missing } = merge(thread.events, frame.events);
    const submissions = later(thread.submissions, frame.submissions);
    this.setThread(id, { ...thread, events, submissions, now: frame.now ?? thread.now });
    this.settle(id);
    if (missing) void this.load(id);
  }

  private settle(id: string): void {
    this.write(outbox.settle(this.state.writing, id, arrived(this.state.threads[id]?.events ?? [])));
  }

  private setThread(id: string, thread: Thread): void {
    this.store.set({ threads: { ...this.state.threads, [id]: thread } });
  }

  private patchThread(id: string, change: Partial<Thread>): void {
    const thread = this.state.threads[id];
    if (thread) this.setThread(id, { ...thread, ...change });
  }

  // --- writing -------------------------------------------------------------------------------------------------

  draft(id: string, text: string): void {
    this.write(outbox.withDraft(this.state.writing, id, text));
    if (text === "" || Date.now() - this.typingAt < TYPING_MS || relation(this.state, id) !== "mine") return;
    this.typingAt = Date.now();
    api.typing(id).catch((problem: unknown) => {
      // Only a hint for the other side: nobody misses it when the connection is down.
      if (isSignedOut(problem)) this.sessionEnded();
    });
  }

  /** Sends the draft; false when there is nothing to send or too much. */
  send(id: string): boolean {
    const text = outbox.draftOf(this.state.writing, id).trim();
    const length = textLength(text);
    if (length === 0 || length > TEXT_LIMIT) return false;
    const one: outbox.Outgoing = { client_id: newId(), text, state: "waiting", error: null };
    const writing = outbox.withDraft(this.state.writing, id, "");
    this.write(outbox.withOutgoing(writing, id, [...outbox.outgoingOf(writing, id), one]));
    this.typingAt = 0;
    void this.deliver(id);
    return true;
  }

  /** Tries a message again that was refused or waits, under the same `client_id`: it can't arrive twice. */
  resend(id: string, clientId: string): void {
    this.write(outbox.change(this.state.writing, id, clientId, { state: "waiting", error: null }));
    this.retryAt.delete(id);
    void this.deliver(id);
  }

  /** Puts a message that was refused back into the draft. */
  takeBack(id: string, clientId: string): void {
    const { writing } = this.state;
    const list = outbox.outgoingOf(writing, id);
    const text = list.find((one) => one.client_id === clientId)?.text ?? "";
    const draft = [outbox.draftOf(writing, id), text].filter(Boolean).join("\n");
    this.write(outbox.withDraft(outbox.withOutgoing(writing, id, list.filter((one) => one.client_id !== clientId)), id, draft));
    void this.deliver(id);
  }

  private async deliver(id: string): Promise<void> {
    const list = outbox.outgoingOf(this.state.writing, id);
    const next = outbox.nextOf(this.state.writing, id);
    if (next === null || list.some((one) => one.state === "sending")) return;
    const sentAt = Date.now();
    this.write(outbox.change(this.state.writing, id, next.client_id, { state: "sending" }));
    try {
      await api.say(id, next.client_id, next.text);
    } catch (problem) {
      if (isSignedOut(problem)) {
        this.write(outbox.change(this.state.writing, id, next.client_id, { state: "waiting" }));
        return this.sessionEnded();
      }
      if (problem instanceof ApiError && problem.passing) {
        const attempt = (this.retryAt.get(id)?.attempt ?? -1) + 1;
        const wait = problem.retryAfter === null ? backoff(attempt) : problem.retryAfter * 1_000;
        this.retryAt.set(id, { at: Date.now() + wait, attempt });
        this.write(outbox.change(this.state.writing, id, next.client_id, { state: "waiting", error: sentence(problem) }));
      } else {
        this.write(outbox.change(this.state.writing, id, next.client_id, { state: "refused", error: sentence(problem) }));
      }
      return;
    }
    this.retryAt.delete(id);
    this.write(outbox.change(this.state.writing, id, next.client_id, { state: "stored", error: null }));
    if (this.state.leases[id] !== undefined) this.setLeases([id], sentAt + LEASE_MS);
    // Without the socket nothing brings the message back by itself; with it, it may have been here first.
    this.settle(id);
    if (this.state.link !== "live" && this.state.selected === id) void this.load(id);
    return this.deliver(id);
  }

  private write(writing: outbox.Writing): void {
    if (writing === this.state.writing) return;
    this.store.set({ writing });
    if (this.lastAgent !== null) outbox.save(sessionStorage, this.lastAgent, writing);
  }

  // --- what time brings ----------------------------------------------------------------------------------------

  private beat(now: number): void {
    const state = this.state;
    if (state.phase !== "signed-in") return;
    this.link.beat(now);
    for (const id of Object.keys(state.writing.outgoing)) {
      if (now >= (this.retryAt.get(id)?.at ?? 0)) void this.deliver(id);
    }
    if (state.waiting.some(isUrgent) && now - this.urgentPlayedAt >= URGENT_AGAIN_MS) this.playUrgentNow();
    // Back from the background: what is on the screen has now been read.
    const seen = seenAfter(state.seen, state.mine, this.reading);
    if (unreadTotal(state.mine, seen) !== unreadTotal(state.mine, state.seen)) this.store.set({ seen });
  }

  /** Over HTTP, while the socket is down. */
  private async poll(): Promise<void> {
    try {
      const { waiting, mine } = await api.queue();
      this.onQueue(waiting, mine);
      const id = this.state.selected;
      if (id !== null && relation(this.state, id) === "mine") await this.load(id);
    } catch (problem) {
      if (isSignedOut(problem)) this.sessionEnded();
      throw problem;
    }
  }

  private async renewAll(): Promise<void> {
    for (const { conversation_id: id } of this.state.mine) {
      const sentAt = Date.now();
      try {
        await api.renew(id);
      } catch (problem) {
        if (isSignedOut(problem)) return this.sessionEnded();
        // The next poll shows that it is gone, and says so.
        if (problem instanceof ApiError && problem.code === "not_owner") continue;
        throw problem;
      }
      this.setLeases([id], sentAt + LEASE_MS);
    }
  }

  private setLeases(ids: readonly string[], until: number): void {
    const leases = { ...this.state.leases };
    for (const id of ids) leases[id] = until;
    this.store.set({ leases });
  }

  // --- small things --------------------------------------------------------------------------------------------

  setSound(sound: boolean): void {
    localStorage.setItem(SOUND_KEY, sound ? "on" : "off");
    this.store.set({ sound });
    if (sound) playMessage();
  }

  setSingleKeys(singleKeys: boolean): void {
    localStorage.setItem(KEYS_KEY, singleKeys ? "on" : "off");
    this.store.set({ singleKeys });
  }

  dismiss(notice: number): void {
    this.store.set({ notices: this.state.notices.filter((one) => one.id !== notice) });
  }

  notify(tone: Notice["tone"], text: string): void {
    this.noticeId += 1;
    const others = this.state.notices.filter((notice) => notice.text !== text);
    // More than a few at once would hide the work below.
    this.store.set({ notices: [...others.slice(-3), { id: this.noticeId, tone, text }] });
  }

  /** Tells what failed; an ended session leads back to the sign-in form. */
  failed(problem: unknown): void {
    if (isSignedOut(problem)) this.sessionEnded();
    else this.notify("bad", sentence(problem));
  }

  private async caught<T>(call: Promise<T>): Promise<T> {
    try {
      return await call;
    } catch (problem) {
      if (isSignedOut(problem)) this.sessionEnded();
      throw problem;
    }
  }

  /** The conversation that the agent has before their eyes. */
  private get reading(): string | null {
    return document.hidden ? null : this.state.selected;
  }

  private get state(): State {
    return this.store.get();
  }
}

function isSignedOut(problem: unknown): boolean {
  return problem instanceof ApiError && problem.code === "not_signed_in";
}

/** French for anything that was thrown; what is no ApiError is a bug and is told to the developer's console too. */
export function sentence(problem: unknown): string {
  if (problem instanceof ApiError) return problem.message;
  console.error(problem);
  return "Une erreur s’est produite dans cette page. Rechargez-la\u00a0: vos brouillons sont conservés.";
}

/** 128 random bits: `crypto.randomUUID` is missing on plain-http addresses of a local network. */
function newId(): string {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}
