/** What the queue looks like to one agent: order, what is new, what was lost. No network and no page in here. */

import type { QueueItem } from "../shared/schemas";

/**
 * The waiting conversations, urgent ones first.
 *
 * Else the server's order stands: a conversation that an agent gave back is at the head although it is not the oldest,
 * and only the server knows that.
 */
export function inOrder(waiting: readonly QueueItem[]): QueueItem[] {
  return [...waiting.filter(isUrgent), ...waiting.filter((item) => !isUrgent(item))];
}

/** Urgent by what the citizen wrote (the emergency lexicon) or by what the caller of the webhook said. */
export function isUrgent(item: QueueItem): boolean {
  return item.urgent || item.priority === "urgent";
}

/** The items of `after` that wait and did not wait in `before`; a second handoff of one conversation is new again. */
export function arrivals(before: readonly QueueItem[], after: readonly QueueItem[]): QueueItem[] {
  const known = new Set(before.map((item) => item.handoff_id));
  return after.filter((item) => !known.has(item.handoff_id));
}

/** Conversations that went away from this agent, although the agent neither closed nor released them (`letGo`). */
export function lost(before: readonly QueueItem[], after: readonly QueueItem[], letGo: ReadonlySet<string>): QueueItem[] {
  const kept = new Set(after.map((item) => item.conversation_id));
  return before.filter((item) => !kept.has(item.conversation_id) && !letGo.has(item.conversation_id));
}

/** What the citizen said since the agent's last word. */
export function unanswered(item: QueueItem): number {
  return Number(item.unread ?? 0);
}

/**
 * How many of the unanswered messages this agent has seen, per conversation; `reading` is the one on the screen.
 *
 * The server counts what is unanswered; what was on the screen is known only here.
 */
export function seenAfter(seen: Seen, mine: readonly QueueItem[], reading: string | null): Seen {
  const result: Record<string, number> = {};
  for (const item of mine) {
    const id = item.conversation_id;
    const open = unanswered(item);
    result[id] = id === reading ? open : Math.min(seen[id] ?? 0, open);
  }
  return result;
}

export type Seen = Readonly<Record<string, number>>;

/** New messages in a conversation since it was last on the screen. */
export function unread(item: QueueItem, seen: Seen): number {
  return unanswered(item) - Math.min(seen[item.conversation_id] ?? 0, unanswered(item));
}

export function unreadTotal(mine: readonly QueueItem[], seen: Seen): number {
  return mine.reduce((sum, item) => sum + unread(item, seen), 0);
}

/** The index after a step in a list of `length`, kept inside of it; -1 stands for "nothing selected yet". */
export function step(index: number, by: 1 | -1, length: number): number {
  if (length === 0) return -1;
  if (index < 0) return by === 1 ? 0 : length - 1;
  return Math.min(length - 1, Math.max(0, index + by));
}
