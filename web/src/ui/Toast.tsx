import { signal } from "@preact/signals";
import { Button, IconButton } from "./Button.tsx";
import { t } from "../i18n/index.ts";

export interface ToastAct {
  readonly word: string;
  readonly run: () => void;
}

interface Toast {
  readonly id: number;
  readonly text: string;
  readonly act?: ToastAct | undefined;
}

const toasts = signal<readonly Toast[]>([]);
const life = 8000;
const most = 3; // older ones go: news is not a list to work through
let last = 0;

/**
 * Says that something has happened, for 8 seconds. `act` is a way back ("Undo") or on.
 * `stay` keeps it until it is pressed or closed (an update waits). Returns how to take it away.
 */
export function toast(text: string, act?: ToastAct, stay = false): () => void {
  const id = ++last;
  toasts.value = [...toasts.value, { id, text, act }].slice(-most);
  const close = () => {
    toasts.value = toasts.value.filter((x) => x.id !== id);
  };
  if (!stay) setTimeout(close, life);
  return close;
}

/** The toasts of the page; mounted once by the frame. */
export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map((x) => (
        <Line key={x.id} toast={x} />
      ))}
    </div>
  );
}

function Line({ toast: x }: { toast: Toast }) {
  const close = () => {
    toasts.value = toasts.value.filter((y) => y.id !== x.id);
  };
  return (
    <div class="toast">
      <span>{x.text}</span>
      {x.act && (
        <Button
          kind="txt"
          size="s"
          onClick={() => {
            close();
            x.act?.run();
          }}
        >
          {x.act.word}
        </Button>
      )}
      <IconButton icon="close" size="s" label={t("ui.close")} onClick={close} />
    </div>
  );
}
