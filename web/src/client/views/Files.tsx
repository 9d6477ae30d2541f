import { useEffect, useState } from "preact/hooks";
import { IconButton } from "../../ui/Button.tsx";
import { Segment, Select } from "../../ui/Field.tsx";
import { Empty, Skeleton } from "../../ui/parts.tsx";
import { t } from "../../i18n/index.ts";
import type { Model } from "../model/types.ts";
import { type Item, ItemGrid, type Kind } from "./Attachments.tsx";
import { Banners } from "./Banners.tsx";

const recentChats = 12;

/** Media, files and voice messages of the recent chats, or of one. */
export function FilesPage({ model }: { model: Model }) {
  const [kind, setKind] = useState<Kind>("media");
  const [only, setOnly] = useState("");
  const [turn, setTurn] = useState(0);
  const { items, failed } = useItems(model, kind, only, turn);
  const chats = model.chats.value.slice(0, 200);
  return (
    <main class="conv files-page" data-scope="page" data-region tabIndex={-1} aria-label={t("shell.rail.files")}>
      <header class="bar">
        <h1>{t("shell.rail.files")}</h1>
        <span class="grow" />
        <IconButton icon="refresh" label={t("shell.files.refresh")} onClick={() => setTurn(turn + 1)} />
      </header>
      <Banners model={model} />
      <div class="toolbar-row">
        <Segment label={t("shell.files.kind")} value={kind} onChange={setKind} options={(["media", "file", "voice"] as const).map((value) => ({ value, word: t(`shell.details.tab.${value}`) }))} />
        <Select bare label={t("shell.files.from")} value={only} onChange={setOnly} options={[{ value: "", word: t("shell.files.recent", { count: Math.min(recentChats, chats.length) }) }, ...chats.map((c) => ({ value: c.name, word: c.title }))]} />
      </div>
      <div class="scroll files-body" tabIndex={0} aria-label={t("shell.rail.files")} role="region">
        {items === undefined ? (
          <Skeleton kind="lines" late={t("ui.loadingLong")} />
        ) : items.length === 0 ? (
          <Empty title={failed ? t("shell.files.failed") : t(`shell.details.none.${kind}`)} act={failed ? { word: t("ui.tryAgain"), run: () => setTurn(turn + 1) } : undefined}>{failed ? t("shell.files.failedText") : t("shell.files.emptyText")}</Empty>
        ) : (
          <ItemGrid model={model} items={items} kind={kind} />
        )}
      </div>
    </main>
  );
}

function useItems(model: Model, kind: Kind, only: string, turn: number) {
  const [state, setState] = useState<{ items: readonly Item[] | undefined; failed: boolean }>({ items: undefined, failed: false });
  useEffect(() => {
    let here = true;
    setState({ items: undefined, failed: false });
    const names = only !== "" ? [only] : model.chats.peek().slice(0, recentChats).map((c) => c.name);
    const ask = async (chat: string): Promise<Item[]> => {
      const talk = model.open(chat);
      try {
        return (await talk.attachments(kind)).map((x) => ({ ...x, chat }));
      } finally {
        talk.close();
      }
    };
    void Promise.allSettled(names.map(ask)).then((answers) => {
      if (!here) return;
      const items = answers.flatMap((a) => (a.status === "fulfilled" ? a.value : []));
      items.sort((a, b) => b.message.time - a.message.time);
      setState({ items, failed: answers.length > 0 && answers.every((a) => a.status === "rejected") });
    });
    return () => void (here = false);
  }, [model, kind, only, turn]);
  return state;
}
