import { useState } from "preact/hooks";
import { t } from "../../../i18n/index.ts";
import { Button, IconButton } from "../../../ui/Button.tsx";
import { ask as confirm } from "../../../ui/Dialog.tsx";
import { dayAndClock } from "../../../ui/format.ts";
import { openMenu, type MenuItems } from "../../../ui/Menu.tsx";
import { Skeleton, Tag } from "../../../ui/parts.tsx";
import { toast } from "../../../ui/Toast.tsx";
import { ask, sentence } from "../../api.ts";
import { useList } from "../../list.ts";
import { operator, you } from "../../session.ts";
import { roleWord } from "../../Shell.tsx";
import { askReason } from "../directory/parts.tsx";
import { AccountDialog } from "./AccountDialog.tsx";
import { Line } from "./parts.tsx";
import type { Account } from "./types.ts";

/** The accounts that one may see, and what can be done to them. */
export function Administrators() {
  const list = useList<Account>(["accounts"], { limit: 1000 }, []);
  const [open, setOpen] = useState<Account | "new" | undefined>();
  const attempt = async (act: Promise<unknown>) => {
    try {
      await act;
    } catch (e) {
      toast(sentence(e));
    }
    list.again();
  };
  const items = (a: Account): MenuItems => [
    { icon: "edit", word: t("consoleSettings.admins.edit"), run: () => setOpen(a) },
    {
      icon: a.disabled ? "check" : "lock",
      word: t(a.disabled ? "consoleSettings.admins.enable" : "consoleSettings.admins.disable"),
      run: () => void attempt(ask("PATCH", ["accounts", a.name], { body: { disabled: !a.disabled }, rev: a.rev })),
    },
    ...(operator.value && a.second_factor ? [{ icon: "refresh", word: t("consoleSettings.admins.resetFactor"), run: () => void resetFactor(a, attempt) } as const] : []),
    ...(a.name === you.value?.name ? [] : ["-" as const, { icon: "trash", word: t("consoleSettings.admins.remove"), bad: true, run: () => void remove(a, attempt) } as const]),
  ];
  return (
    <section class="card">
      <h2>
        {t("consoleSettings.tabs.administrators")}
        <span class="r"><Button size="s" icon="add" onClick={() => setOpen("new")}>{t("consoleSettings.admins.add")}</Button></span>
      </h2>
      {list.error.value && <p class="err">{list.error.value}</p>}
      {!list.loaded.value && !list.error.value && <Skeleton kind="lines" />}
      {list.items.value.map((a) => (
        <Line
          key={a.id}
          word={<b><bdi>{a.name}</bdi></b>}
          hint={`${a.grants.map(roleWord).join(", ") || t("consoleSettings.account.mayNothing")} · ${a.last_login ? t("consoleSettings.admins.lastLogin", { time: dayAndClock(Date.parse(a.last_login)) }) : t("consoleSettings.admins.never")}`}
        >
          {a.disabled && <Tag cord="ochre">{t("consoleSettings.admins.disabled")}</Tag>}
          {a.second_factor && <Tag cord="fern">{t("consoleSettings.factor.title")}</Tag>}
          <IconButton icon="more" size="s" label={t("consoleSettings.admins.more", { name: a.name })} onClick={(e) => openMenu(e.currentTarget, a.name, items(a))} />
        </Line>
      ))}
      {!list.whole.value && list.loaded.value && <Button size="s" onClick={() => list.more()}>{t("consoleSettings.admins.moreOf")}</Button>}
      {open && (
        <AccountDialog
          account={open === "new" ? undefined : open}
          onClose={() => setOpen(undefined)}
          onDone={() => {
            setOpen(undefined);
            list.again();
          }}
        />
      )}
    </section>
  );
}

async function resetFactor(a: Account, attempt: (act: Promise<unknown>) => Promise<void>): Promise<void> {
  const sure = await confirm({ title: t("consoleSettings.admins.resetTitle", { name: a.name }), text: t("consoleSettings.admins.resetText"), act: t("consoleSettings.admins.resetFactor"), bad: true });
  if (sure) await attempt(ask("DELETE", ["accounts", a.name, "second-factor"]));
}

async function remove(a: Account, attempt: (act: Promise<unknown>) => Promise<void>): Promise<void> {
  const reason = await askReason({ title: t("consoleSettings.admins.removeTitle", { name: a.name }), text: t("consoleSettings.admins.removeText"), act: t("consoleSettings.admins.remove"), needed: true });
  if (reason !== undefined) await attempt(ask("DELETE", ["accounts", a.name], { reason, rev: a.rev }));
}
