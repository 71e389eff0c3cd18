/** The agents' calls (docs/api.md). Each throws `ApiError` of shared/errors.ts. */

import { openSocket, request, type Socket } from "../shared/api";
import { ApiError } from "../shared/errors";
import {
  Accepted, AgentFrame, AgentSession, HandoffAnswer, LeaseAnswer, OwnerAnswer, Queue, Transcript,
} from "../shared/schemas";
import type * as v from "valibot";
import type { Outcome } from "./words";

/** Kept in memory only; after a reload `session()` gives it again. */
let csrf = "";

const of = (conversation: string, what = ""): string => `/agent/conversations/${encodeURIComponent(conversation)}${what}`;

export async function signIn(email: string, password: string): Promise<AgentSession> {
  const session = await request(AgentSession, "POST", "/agent/session", { body: { email, password } });
  csrf = session.csrf_token;
  return session;
}

/** Who is signed in; `not_signed_in` when nobody is. */
export async function session(): Promise<AgentSession> {
  const session = await request(AgentSession, "GET", "/agent/session");
  csrf = session.csrf_token;
  return session;
}

export async function signOut(): Promise<void> {
  await write(null, "DELETE", "/agent/session");
  csrf = "";
}

export const queue = (): Promise<v.InferOutput<typeof Queue>> => request(Queue, "GET", "/agent/queue");

/** The events after number `after` (0: all of them). The front desk writes each reading into its audit log. */
export const read = (conversation: string, after: number): Promise<v.InferOutput<typeof Transcript>> =>
  request(Transcript, "GET", `${of(conversation)}?after=${after}`);

export const claim = (conversation: string): Promise<v.InferOutput<typeof HandoffAnswer>> =>
  write(HandoffAnswer, "POST", of(conversation, "/claim"), {});

export const say = (conversation: string, clientId: string, text: string): Promise<v.InferOutput<typeof Accepted>> =>
  write(Accepted, "POST", of(conversation, "/messages"), { client_id: clientId, text });

export const typing = (conversation: string): Promise<null> => write(null, "POST", of(conversation, "/typing"), {});

export const renew = (conversation: string): Promise<v.InferOutput<typeof LeaseAnswer>> =>
  write(LeaseAnswer, "POST", of(conversation, "/lease"), {});

export const release = (conversation: string): Promise<null> => write(null, "POST", of(conversation, "/release"), {});

export interface Closing {
  outcome: Outcome;
  return_to_assistant: boolean;
  note?: string;
}

export const close = (conversation: string, closing: Closing): Promise<v.InferOutput<typeof OwnerAnswer>> =>
  write(OwnerAnswer, "POST", of(conversation, "/close"), closing);

type LiveHandlers = Parameters<typeof openSocket<typeof AgentFrame>>[2];

export const openLive = (handlers: LiveHandlers): Socket => openSocket(AgentFrame, "/agent/live", handlers);

function write<S extends v.GenericSchema>(
  schema: S, method: "POST" | "DELETE", path: string, body?: object,
): Promise<v.InferOutput<S>>;
function write(schema: null, method: "POST" | "DELETE", path: string, body?: object): Promise<null>;
async function write<S extends v.GenericSchema>(
  schema: S | null, method: "POST" | "DELETE", path: string, body?: object,
): Promise<v.InferOutput<S> | null> {
  const once = (): Promise<v.InferOutput<S> | null> =>
    // The two overloads of `request` are one function; its implementation takes both.
    request(schema as S, method, path, { csrf, ...(body ? { body } : {}) });
  try {
    return await once();
  } catch (problem) {
    if (!(problem instanceof ApiError) || problem.code !== "bad_csrf_token") throw problem;
    // The agent signed in again in another tab: same cookie, new token.
    await session();
    return once();
  }
}
