import { useEffect, useState } from "preact/hooks";
import { t } from "../../../../i18n/index.ts";
import { IconButton } from "../../../../ui/Button.tsx";
import { size } from "../../../../ui/format.ts";
import { Icon } from "../../../../ui/Icon.tsx";
import { shownAs } from "../attach/kinds.ts";

export interface Chosen {
  readonly key: number;
  readonly file: File;
}

/** Files that go with the next message. */
export function Tray({ files, onRemove }: { files: readonly Chosen[]; onRemove: (key: number) => void }) {
  return (
    <ul class="tray" aria-label={t("conversation.attached")}>
      {files.map((f) => <One key={f.key} f={f} onRemove={onRemove} />)}
    </ul>
  );
}

function One({ f, onRemove }: { f: Chosen; onRemove: (key: number) => void }) {
  const picture = shownAs(f.file) === "picture";
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    if (!picture) return;
    const made = URL.createObjectURL(f.file);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [f.file]);
  return (
    <li class="tray-one">
      {url ? <img src={url} alt="" /> : <span class="tray-ic"><Icon name="file" /></span>}
      <span class="tray-n ell" title={f.file.name}><bdi>{f.file.name}</bdi></span>
      <span class="tray-s">{size(f.file.size)}</span>
      <IconButton icon="close" size="s" label={t("conversation.removeFile", { name: f.file.name })} onClick={() => onRemove(f.key)} />
    </li>
  );
}
