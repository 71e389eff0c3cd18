/**
 * What the front desk sends, as schemas and as types (docs/api.md is the contract).
 *
 * Everything that arrives is parsed by one of these before the pages see it. Fields that this version does not know are
 * ignored, event types that it does not know become `unknown`, so a newer front desk does not break an open page.
 */
import * as v from "valibot";

const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const seq = v.pipe(v.number(), v.integer(), v.minValue(1));
const time = v.pipe(v.string(), v.check((value) => !Number.isNaN(Date.parse(value)), "not a time"));
const listOf = <S extends v.GenericSchema>(item: S) => v.optional(v.nullable(v.array(item)));

export const Owner = v.picklist(["assistant", "queue", "agent"]);
export type Owner = v.InferOutput<typeof Owner>;

export const Button = v.object({ title: v.string(), payload: v.string() });
export type Button = v.InferOutput<typeof Button>;

export const Link = v.object({ title: v.string(), url: v.string() });
export type Link = v.InferOutput<typeof Link>;

export const Phone = v.object({
  label: v.string(),
  number: v.string(),
  href: v.nullish(v.string()),
  note: v.nullish(v.string()),
});
export type Phone = v.InferOutput<typeof Phone>;

export const Card = v.object({
  kind: v.nullish(v.string()),
  title: v.nullish(v.string()),
  text: v.nullish(v.string()),
  phones: listOf(Phone),
  links: listOf(Link),
});
export type Card = v.InferOutput<typeof Card>;

/** What may stand below a text: buttons, links, telephone numbers, cards. */
const extras = { buttons: listOf(Button), links: listOf(Link), phones: listOf(Phone), cards: listOf(Card) };

const head = { seq, at: time };

export const CitizenMessage = v.object({
  ...head,
  type: v.literal("message"),
  author: v.literal("citizen"),
  data: v.object({ text: v.string(), client_id: v.nullish(v.string()), payload: v.nullish(v.string()) }),
});
export type CitizenMessage = v.InferOutput<typeof CitizenMessage>;

export const AssistantMessage = v.object({
  ...head,
  type: v.literal("message"),
  author: v.literal("assistant"),
  data: v.object({ text: v.string(), reply_to: v.nullish(seq), ...extras }),
});
export type AssistantMessage = v.InferOutput<typeof AssistantMessage>;

export const AgentMessage = v.object({
  ...head,
  type: v.literal("message"),
  author: v.literal("agent"),
  data: v.object({ text: v.string(), agent_name: v.nullish(v.string()), client_id: v.nullish(v.string()) }),
});
export type AgentMessage = v.InferOutput<typeof AgentMessage>;

export const SystemMessage = v.object({
  ...head,
  type: v.literal("message"),
  author: v.literal("system"),
  data: v.object({ text: v.string(), kind: v.nullish(v.string()), reply_to: v.nullish(seq), ...extras }),
});
export type SystemMessage = v.InferOutput<typeof SystemMessage>;

export const MessageEvent = v.variant("author", [CitizenMessage, AssistantMessage, AgentMessage, SystemMessage]);
export type MessageEvent = v.InferOutput<typeof MessageEvent>;

const OwnerEvent = v.object({
  ...head,
  type: v.literal("owner"),
  author: v.string(),
  data: v.object({ owner: Owner, agent_name: v.nullish(v.string()), reason: v.nullish(v.string()) }),
});
const QueueEvent = v.object({
  ...head,
  type: v.literal("queue"),
  author: v.string(),
  data: v.object({ place: v.nullish(count) }),
});
const UrgentEvent = v.object({
  ...head,
  type: v.literal("urgent"),
  author: v.string(),
  data: v.object({ category: v.nullish(v.string()) }),
});
const ClosedEvent = v.object({
  ...head,
  type: v.literal("closed"),
  author: v.string(),
  data: v.object({ outcome: v.nullish(v.string()) }),
});
/** An appointment was asked for or an incident reported. `kind` stays a string: a newer front desk may know more of them. */
const SubmissionEvent = v.object({
  ...head,
  type: v.literal("submission"),
  author: v.string(),
  data: v.object({ kind: v.string(), number: v.string(), version: seq }),
});
export type SubmissionEvent = v.InferOutput<typeof SubmissionEvent>;

const known = ["message", "owner", "queue", "urgent", "closed", "submission"];
const UnknownEvent = v.pipe(
  v.object({ ...head, type: v.pipe(v.string(), v.check((type) => !known.includes(type), "malformed event")) }),
  v.transform(({ seq, at }) => ({ seq, at, type: "unknown" as const })),
);

/** One durable event of a conversation. Discriminate on `type`, then on `author` for messages. */
export const Event = v.union([MessageEvent, OwnerEvent, QueueEvent, UrgentEvent, ClosedEvent, SubmissionEvent, UnknownEvent]);
export type Event = v.InferOutput<typeof Event>;

/** What is true at this moment and is not stored. */
export const Now = v.object({
  owner: Owner,
  urgent: v.boolean(),
  queue: v.nullish(v.object({ place: count, waiting: count })),
  typing: v.array(v.string()),
  agent_name: v.nullish(v.string()),
});
export type Now = v.InferOutput<typeof Now>;

/** The one shape of an error, in an HTTP answer and in an `error` frame. */
export const ErrorBody = v.object({
  code: v.string(),
  message: v.string(),
  details: v.optional(v.nullable(v.record(v.string(), v.unknown()))),
});
export type ErrorBody = v.InferOutput<typeof ErrorBody>;
export const ErrorAnswer = v.object({ error: ErrorBody });

// The citizen's calls and frames

export const Created = v.object({ conversation_id: v.string(), token: v.string(), cursor: count });
export const Accepted = v.object({ seq });
export const Events = v.object({ events: v.array(Event), cursor: count, now: v.nullish(Now) });
export const OwnerAnswer = v.object({ owner: Owner });

export const CitizenFrame = v.variant("type", [
  v.object({ type: v.literal("events"), events: v.array(Event), cursor: count, now: v.nullish(Now) }),
  v.object({ type: v.literal("now"), now: Now }),
  v.object({ type: v.literal("ack"), client_id: v.string(), seq }),
  v.object({ type: v.literal("error"), client_id: v.nullish(v.string()), error: ErrorBody }),
  v.object({ type: v.literal("pong") }),
]);
export type CitizenFrame = v.InferOutput<typeof CitizenFrame>;

// The agent's calls and frames

export const AgentSession = v.object({
  agent: v.object({ id: v.string(), name: v.string(), email: v.string(), role: v.string() }),
  csrf_token: v.string(),
});
export type AgentSession = v.InferOutput<typeof AgentSession>;

/** One conversation in the queue or with an agent. */
export const QueueItem = v.object({
  conversation_id: v.string(),
  handoff_id: v.string(),
  status: v.string(),
  reason: v.string(),
  priority: v.string(),
  urgent: v.boolean(),
  language: v.nullish(v.string()),
  summary: v.nullish(v.string()),
  slots: v.nullish(v.record(v.string(), v.unknown())),
  waiting_since: time,
  agent_name: v.nullish(v.string()),
  last_text_at: v.nullish(time),
  unread: v.nullish(v.union([count, v.boolean()])),
  lease_expires_at: v.nullish(time),
});
export type QueueItem = v.InferOutput<typeof QueueItem>;

/** ISO 8601 with the offset of the place: what counts is the clock that it shows. */
const placeTime = v.pipe(v.string(), v.regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d[+-]\d\d:\d\d$/));
const said = v.nullish(v.string());
const submissionHead = { number: v.string(), version: seq, versions: seq, at: time };
const contact = { name: said, phone: said, email: said };

export const Appointment = v.object({
  ...submissionHead,
  kind: v.literal("appointment"),
  data: v.object({
    reason: v.string(),
    reason_text: said,
    commune_code: said,
    commune_name: said,
    postcode: said,
    unit: v.string(),
    wishes_text: said,
    wishes: listOf(v.object({ start: placeTime, end: placeTime, text: said })),
    ...contact,
    accessibility: said,
  }),
});
export type Appointment = v.InferOutput<typeof Appointment>;

export const Incident = v.object({
  ...submissionHead,
  kind: v.literal("incident"),
  /** False when what is stored is not what was reported any more. */
  intact: v.boolean(),
  data: v.object({
    what: v.string(),
    when_text: said,
    when_start: v.nullish(placeTime),
    when_end: v.nullish(placeTime),
    when_precision: v.string(),
    where_text: said,
    commune_code: said,
    commune_name: said,
    people_text: said,
    witnesses_text: said,
    wish_text: said,
    ...contact,
    callback: v.boolean(),
  }),
});
export type Incident = v.InferOutput<typeof Incident>;

const UnknownSubmission = v.pipe(
  v.object({ ...submissionHead, kind: v.pipe(v.string(), v.check((kind) => kind !== "appointment" && kind !== "incident", "malformed submission")) }),
  v.transform((one) => ({ ...one, kind: "unknown" as const })),
);

/** What a citizen submitted, in its newest version. Discriminate on `kind`. */
export const Submission = v.union([Appointment, Incident, UnknownSubmission]);
export type Submission = v.InferOutput<typeof Submission>;

export const Queue = v.object({
  waiting: v.array(QueueItem),
  mine: v.array(QueueItem),
  cursor: v.nullish(v.union([count, v.string()])),
});
export const Transcript = v.object({
  conversation: v.looseObject({}),
  handoff: v.nullish(QueueItem),
  submissions: listOf(Submission),
  events: v.array(Event),
  cursor: count,
  now: v.nullish(Now),
});
export const HandoffAnswer = v.object({ handoff: QueueItem });
export const LeaseAnswer = v.object({ lease_expires_at: time });

export const AgentFrame = v.variant("type", [
  v.object({ type: v.literal("queue"), waiting: v.array(QueueItem), mine: v.array(QueueItem) }),
  v.object({
    type: v.literal("events"),
    conversation_id: v.string(),
    events: v.array(Event),
    cursor: count,
    now: v.nullish(Now),
    /** All of them, when one of the events is a submission. */
    submissions: listOf(Submission),
  }),
  v.object({ type: v.literal("now"), conversation_id: v.string(), now: Now }),
  v.object({ type: v.literal("renewed"), lease_seconds: v.number(), mine: v.array(v.string()) }),
  v.object({ type: v.literal("error"), error: ErrorBody }),
  v.object({ type: v.literal("pong") }),
]);
export type AgentFrame = v.InferOutput<typeof AgentFrame>;
