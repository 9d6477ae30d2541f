import { percent } from "../../ui/format.ts";
import { toast } from "../../ui/Toast.tsx";
import { t } from "../../i18n/index.ts";
import type { Attachment, Model } from "../model/types.ts";
import { explain } from "./errors.ts";

/** Fetches a file and hands it to the browser to keep; says how far it is when that takes longer than a second. */
export async function download(model: Model, a: Attachment): Promise<void> {
  const stop = new AbortController();
  let close: (() => void) | undefined;
  let part = 0;
  const slow = setInterval(() => {
    close?.();
    close = toast(t("shell.download.running", { name: a.name, percent: percent(part) }), { word: t("ui.cancel"), run: () => stop.abort() }, true);
  }, 1000);
  try {
    const blob = await model.file(a, (done, total) => void (part = total > 0 ? done / total : 0), stop.signal);
    save(blob, a.name);
  } catch (why) {
    if (!stop.signal.aborted) toast(explain(t("shell.download.failed", { name: a.name }), why), { word: t("ui.tryAgain"), run: () => void download(model, a) });
  } finally {
    clearInterval(slow);
    close?.();
  }
}

/** Hands a blob to the browser under a name. */
export function save(blob: Blob, name: string): void {
  const url = URL.createObjectURL(blob);
  const a = document.createElement("a");
  a.href = url;
  a.download = name;
  a.click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
