/** What the citizen keeps of an appointment asked for or an incident reported: its number, and what it is. */
import { useState } from "preact/hooks";
import { copyText } from "../shared/clipboard";
import { timeOfDay } from "../shared/format";
import type { SubmissionEvent } from "../shared/schemas";
import { receipt } from "./texts";
import { receiptWords } from "./timeline";

export function Receipt({ event }: { event: SubmissionEvent }) {
  const { kind, number, version } = event.data;
  const { title, what } = receiptWords(kind);
  const [told, setTold] = useState("");
  const copy = async (): Promise<void> => setTold((await copyText(number)) ? receipt.copied : receipt.failed);
  return (
    <li class="receipt" data-seq={event.seq} data-testid="receipt" data-number={number}>
      <div class="card">
        <p class="card-title">
          <strong>{title}</strong>
          <time class="muted" dateTime={event.at}>
            {timeOfDay(event.at)}
          </time>
        </p>
        <p>
          <span class="muted">{receipt.number}</span> <strong class="receipt-number">{number}</strong>
          {version > 1 && <span class="muted"> {receipt.version(version)}</span>}
        </p>
        <p>{what}</p>
        <div class="receipt-foot">
          <button type="button" class="button" onClick={() => void copy()} data-testid="copy-number">
            {receipt.copy}
            <span class="visually-hidden"> {number}</span>
          </button>
          <span class="muted" role="status">
            {told}
          </span>
        </div>
      </div>
    </li>
  );
}
