/** The only place that uses fetch and WebSocket. What comes in is parsed by a schema, what fails is an ApiError. */
import * as v from "valibot";
import { ApiError } from "./errors";
import { ErrorAnswer } from "./schemas";

export interface Options {
  /** Sent as JSON. */
  body?: object;
  /** The citizen's bearer token. */
  token?: string;
  /** The agent's X-CSRF-Token. */
  csrf?: string;
  signal?: AbortSignal;
  /** After so long without a complete answer the call fails with `timeout`. */
  timeoutMs?: number;
}

const root = "/api/v1";

function retryAfter(answer: Response): number | null {
  const seconds = Number(answer.headers.get("Retry-After") ?? NaN);
  return Number.isFinite(seconds) && seconds >= 0 ? seconds : null;
}

/**
 * One call under /api/v1. `schema` is null for answers without a body (204).
 *
 * Throws ApiError; an abort by the caller's own `signal` throws the AbortError of fetch.
 */
export async function request<S extends v.GenericSchema>(
  schema: S,
  method: "GET" | "POST" | "DELETE",
  path: string,
  options?: Options,
): Promise<v.InferOutput<S>>;
export async function request(
  schema: null,
  method: "GET" | "POST" | "DELETE",
  path: string,
  options?: Options,
): Promise<null>;
export async function request<S extends v.GenericSchema>(
  schema: S | null,
  method: "GET" | "POST" | "DELETE",
  path: string,
  { body, token, csrf, signal, timeoutMs = 15_000 }: Options = {},
): Promise<v.InferOutput<S> | null> {
  const headers = new Headers({ Accept: "application/json" });
  if (body) headers.set("Content-Type", "application/json");
  if (token) headers.set("Authorization", `Bearer ${token}`);
  if (csrf) headers.set("X-CSRF-Token", csrf);

  const abort = new AbortController();
  const timer = setTimeout(() => abort.abort(), timeoutMs);
  const forward = (): void => abort.abort();
  signal?.addEventListener("abort", forward);
  if (signal?.aborted) abort.abort();
  let answer: Response;
  let text: string;
  try {
    answer = await fetch(root + path, {
      method,
      headers,
      signal: abort.signal,
      body: body ? JSON.stringify(body) : null,
      credentials: "same-origin",
      cache: "no-store",
      referrerPolicy: "no-referrer",
    });
    text = await answer.text();
  } catch (problem) {
    if (signal?.aborted) throw problem;
    throw new ApiError(abort.signal.aborted ? "timeout" : "network", 0);
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener("abort", forward);
  }

  if (!answer.ok) {
    const parsed = v.safeParse(ErrorAnswer, parseJson(text));
    // A proxy in front may answer with a page of its own: then the status alone says what happened.
    if (!parsed.success) {
      const code = answer.status === 429 ? "rate_limited" : answer.status === 413 ? "body_too_large" : "internal";
      throw new ApiError(code, answer.status, undefined, retryAfter(answer));
    }
    const { code, message, details } = parsed.output.error;
    throw new ApiError(code, answer.status, message, retryAfter(answer), details ?? {});
  }
  if (schema === null) return null;
  const parsed = v.safeParse(schema, parseJson(text));
  if (!parsed.success) throw new ApiError("bad_answer", answer.status);
  return parsed.output;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined; // no schema accepts it: the caller answers with an ApiError
  }
}

export interface Socket {
  /** False when the socket is not open: nothing was sent. */
  send(frame: object): boolean;
  close(): void;
}

/**
 * One WebSocket under /api/v1. A frame that the schema does not accept closes the socket (4400): the cursor tells the
 * next one where to go on. `onClose` comes exactly once, unless `close()` was called here.
 */
export function openSocket<S extends v.GenericSchema>(
  schema: S,
  path: string,
  handlers: { onOpen(): void; onFrame(frame: v.InferOutput<S>): void; onClose(code: number): void },
): Socket {
  const address = new URL(root + path, location.href);
  address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
  const socket = new WebSocket(address);
  let over = false;
  const end = (code: number): void => {
    if (over) return;
    over = true;
    socket.close();
    handlers.onClose(code);
  };
  socket.onopen = () => {
    if (!over) handlers.onOpen();
  };
  socket.onmessage = ({ data }: MessageEvent<unknown>) => {
    if (over) return;
    const parsed = v.safeParse(schema, typeof data === "string" ? parseJson(data) : undefined);
    if (parsed.success) handlers.onFrame(parsed.output);
    else end(4400);
  };
  socket.onclose = ({ code }) => end(code);
  return {
    send(frame) {
      if (over || socket.readyState !== WebSocket.OPEN) return false;
      socket.send(JSON.stringify(frame));
      return true;
    },
    close() {
      over = true;
      socket.close();
    },
  };
}
