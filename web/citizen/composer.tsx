import type { Ref } from "preact";
import { useLayoutEffect, useState } from "preact/hooks";
import type { Conversation, State } from "./conversation";
import { Icon } from "./icon";
import { compose } from "./texts";
import { checkText } from "./timeline";

interface Props {
  state: State;
  conversation: Conversation;
  box: { current: HTMLTextAreaElement | null } & Ref<HTMLTextAreaElement>;
}

/** The text box. Text over the limit stays where it is, whole; it just can't be sent. */
export function Composer({ state, conversation, box }: Props) {
  const { draft } = state;
  const check = checkText(draft);
  const [insisted, setInsisted] = useState(false);

  useLayoutEffect(() => {
    const area = box.current;
    if (!area) return;
    area.style.height = "auto";
    area.style.height = `${area.scrollHeight + 2}px`;
  }, [draft]);

  const send = (): void => {
    if (check.tooLong) setInsisted(true);
    if (check.empty || check.tooLong) return box.current?.focus();
    setInsisted(false);
    conversation.say(draft);
    conversation.setDraft("");
    box.current?.focus();
  };

  return (
    <form
      class="composer"
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
    >
      <label class="visually-hidden" for="message">
        {compose.label}
      </label>
      <div class={check.tooLong ? "entry entry-invalid" : "entry"}>
        <textarea
          id="message"
          ref={box}
          rows={1}
          value={draft}
          placeholder={compose.placeholder}
          autocomplete="off"
          enterkeyhint="send"
          aria-invalid={check.tooLong}
          aria-describedby={check.tooLong ? "too-long" : "hint"}
          data-testid="message-input"
          onInput={(event) => conversation.setDraft(event.currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
            event.preventDefault();
            send();
          }}
        />
        <button
          type="submit"
          class="send"
          aria-disabled={check.empty || check.tooLong}
          aria-label={compose.send}
          data-testid="send"
        >
          <Icon name="send" />
        </button>
      </div>
      <p id="hint" class="visually-hidden">
        {compose.hint}
      </p>
      {check.tooLong && (
        <p id="too-long" class="too-long" role={insisted ? "alert" : "status"} data-testid="too-long">
          {compose.tooLong(-check.left)}
        </p>
      )}
      {check.counter && !check.tooLong && (
        <p class="counter" data-testid="counter">
          {compose.left(check.left)}
        </p>
      )}
    </form>
  );
}
