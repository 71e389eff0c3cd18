/**
 * What an agent wrote and the front desk does not have yet: drafts, and messages on their way. It outlives a reload and an
 * expired session (session storage of this tab), and is erased at sign-out.
 */

/** `waiting`: to be sent, or to be sent again. `sending`: asked, not answered. `stored`: the front desk has it. `refused`: it said no. */
export type Delivery = "waiting" | "sending" | "stored" | "refused";

export interface Outgoing {
  client_id: string;
  text: string;
  state: Delivery;
  /** Why it was refused, in French. */
  error: string | null;
}

export interface Writing {
  drafts: Readonly<Record<string, string>>;
  outgoing: Readonly<Record<string, readonly Outgoing[]>>;
}

export const NOTHING: Writing = { drafts: {}, outgoing: {} };

export function draftOf(writing: Writing, conversation: string): string {
  return writing.drafts[conversation] ?? "";
}

export function outgoingOf(writing: Writing, conversation: string): readonly Outgoing[] {
  return writing.outgoing[conversation] ?? [];
}

export function withDraft(writing: Writing, conversation: string, text: string): Writing {
  const drafts = { ...writing.drafts };
  if (text === "") delete drafts[conversation];
  else drafts[conversation] = text;
  return { ...writing, drafts };
}

export function withOutgoing(writing: Writing, conversation: string, list: readonly Outgoing[]): Writing {
  const outgoing = { ...writing.outgoing };
  if (list.length === 0) delete outgoing[conversation];
  else outgoing[conversation] = list;
  return { ...writing, outgoing };
}

export function change(writing: Writing, conversation: string, clientId: string, to: Partial<Outgoing>): Writing {
  const list = outgoingOf(writing, conversation).map((one) => (one.client_id === clientId ? { ...one, ...to } : one));
  return withOutgoing(writing, conversation, list);
}

/** The message to send now: the first that waits, if none before it is on its way or refused (order is kept). */
export function nextOf(writing: Writing, conversation: string): Outgoing | null {
  const first = outgoingOf(writing, conversation).find((one) => one.state !== "stored");
  return first?.state === "waiting" ? first : null;
}

/** Drops what the transcript shows by now. */
export function settle(writing: Writing, conversation: string, arrived: ReadonlySet<string>): Writing {
  const list = outgoingOf(writing, conversation);
  const left = list.filter((one) => !arrived.has(one.client_id));
  return left.length === list.length ? writing : withOutgoing(writing, conversation, left);
}

const KEY = "relais.agent.writing";

/** Keeps the writing of the agent with this id; a full or forbidden storage costs the protection against a reload only. */
export function save(storage: Storage, agentId: string, writing: Writing): void {
  try {
    storage.setItem(KEY, JSON.stringify({ agent: agentId, writing }));
  } catch (error) {
    console.warn("Drafts can’t be kept across a reload", error);
  }
}

/** What this agent left; somebody else's is erased. What was on its way when the page went is to be sent again. */
export function load(storage: Storage, agentId: string): Writing {
  const kept = storage.getItem(KEY);
  if (kept === null) return NOTHING;
  const { agent, writing } = JSON.parse(kept) as { agent: string; writing: Writing };
  if (agent !== agentId) {
    forget(storage);
    return NOTHING;
  }
  let result = writing;
  for (const [conversation, list] of Object.entries(writing.outgoing)) {
    const again = list.map((one): Outgoing => (one.state === "sending" ? { ...one, state: "waiting" } : one));
    result = withOutgoing(result, conversation, again);
  }
  return result;
}

export function forget(storage: Storage): void {
  storage.removeItem(KEY);
}
