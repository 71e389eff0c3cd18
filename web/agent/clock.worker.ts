/**
 * The console's heartbeat: one message a second.
 *
 * A page in a background tab has its own timers slowed down to one a second and, after some minutes, to one a minute; a
 * claim lives for 30 seconds only, so a lease renewed from a page timer would be lost as soon as the agent looks at
 * something else. Timers of a dedicated worker are not slowed down, and neither is the delivery of its messages.
 */
const BEAT_MS = 1_000;

setInterval(() => {
  postMessage(null);
}, BEAT_MS);

export {};
