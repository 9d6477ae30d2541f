import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useRef } from "preact/hooks";
import { t } from "../../../i18n/index.ts";
import { Icon } from "../../../ui/Icon.tsx";
import { filesOf } from "./compose/paste.ts";
import { usePane } from "./pane.ts";

/** Files may be dropped anywhere on the pane. */
export function DropZone({ label, children }: { label: string; children: ComponentChildren }) {
  const pane = usePane();
  const over = useSignal(false);
  const depth = useRef(0);
  const takes = (e: DragEvent) => (e.dataTransfer?.types.includes("Files") ?? false) && (pane.conv.chat.value?.group?.mayWrite ?? true);
  const leave = () => {
    depth.current = 0;
    over.value = false;
  };
  return (
    <main
      class="conv talk"
      data-scope="conversation"
      data-region
      tabIndex={-1}
      aria-label={label}
      onDragEnter={(e) => {
        if (!takes(e)) return;
        e.preventDefault();
        depth.current++;
        over.value = true;
      }}
      onDragOver={(e) => takes(e) && e.preventDefault()}
      onDragLeave={(e) => takes(e) && --depth.current <= 0 && leave()}
      onDrop={(e) => {
        if (!takes(e)) return;
        e.preventDefault();
        leave();
        pane.composer?.add(filesOf(e.dataTransfer));
      }}
    >
      {children}
      {over.value && (
        <div class="drop" aria-hidden="true">
          <Icon name="upload" />
          <b>{t("conversation.dropHere")}</b>
        </div>
      )}
    </main>
  );
}
