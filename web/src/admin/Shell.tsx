import type { ComponentType } from "preact";
import { useEffect, useState } from "preact/hooks";
import { t } from "../i18n/index.ts";
import { Avatar } from "../ui/Avatar.tsx";
import { Icon, Mark } from "../ui/Icon.tsx";
import { useKeys } from "../ui/keys.ts";
import { openMenu } from "../ui/Menu.tsx";
import { Empty, Skeleton } from "../ui/parts.tsx";
import { go, href, route } from "../ui/route.ts";
import { dark, theme } from "../ui/theme.ts";
import { sentence } from "./api.ts";
import { pages, type PageInfo } from "./pages.ts";
import { operator, seesAll, signOut, writes, you, type Grant } from "./session.ts";

const groups = ["", "directory", "live", "messages", "maintenance"] as const;

/** Whether the one who is signed in has use for a page. */
export function mayOpen(p: PageInfo): boolean {
  return p.needs === "operator" ? operator.value : p.needs === "all" ? seesAll.value : p.needs === "write" ? writes.value : true;
}

/** The frame of the console: the menu at the start, a page beside it. */
export function Shell() {
  const here = route.value[0] ?? firstPage();
  const info = pages.find((p) => p.id === here && mayOpen(p));
  useEffect(() => {
    document.title = info ? `${t(`consoleMenu.pages.${info.id}`)} · Tandem` : "Tandem";
    // On a phone the menu scrolls: the page that is shown is in view.
    document.querySelector(".side-pages [aria-current]")?.scrollIntoView({ inline: "nearest", block: "nearest" });
  }, [info?.id]);
  useKeys(() => [{ keys: "?", word: () => t("consoleSettings.keys.table"), run: () => go(["settings", "keys"]) }]);
  return (
    <div class="con">
      <nav class="side" aria-label={t("consoleMenu.menu")} data-scope="rail">
        <a class="wm" href={href()}>
          <Mark />
          Tandem
          <small>{t("consoleMenu.console")}</small>
        </a>
        <div class="side-pages">
          {groups.map((g) => (
            <MenuGroup key={g} group={g} here={here} />
          ))}
        </div>
        <Me />
      </nav>
      <main class="page" data-scope="page">
        {info ? <Page key={info.id} info={info} /> : <Missing />}
      </main>
    </div>
  );
}

function firstPage(): string {
  return pages.find(mayOpen)?.id ?? "";
}

function MenuGroup({ group, here }: { group: PageInfo["group"]; here: string }) {
  const list = pages.filter((p) => p.group === group && mayOpen(p));
  if (list.length === 0) return null;
  return (
    <>
      {group && <h2>{t(`consoleMenu.groups.${group}`)}</h2>}
      {list.map((p) => (
        <a key={p.id} href={href(p.id)} aria-current={p.id === here ? "page" : undefined} title={t(`consoleMenu.pages.${p.id}`)}>
          <Icon name={p.icon} />
          {t(`consoleMenu.pages.${p.id}`)}
        </a>
      ))}
    </>
  );
}

/** A page, when it is there. */
function Page({ info }: { info: PageInfo }) {
  const [content, setContent] = useState<{ Page?: ComponentType; error?: string }>({});
  useEffect(() => {
    info.load().then(
      (m) => setContent({ Page: m.default }),
      (e: unknown) => setContent({ error: sentence(e) }),
    );
  }, [info]);
  if (content.error) return <Empty title={content.error} act={{ word: t("ui.tryAgain"), run: () => location.reload() }} />;
  return content.Page ? <content.Page /> : <Skeleton kind="table" late={t("ui.loadingLong")} />;
}

function Missing() {
  return (
    <Empty title={t("consoleMenu.missing")} act={{ word: t("consoleMenu.home"), run: () => go([firstPage()]) }}>
      {t("consoleMenu.missingText")}
    </Empty>
  );
}

function Me() {
  const who = you.value;
  if (!who) return null;
  return (
    <button
      class="me"
      onClick={(e) =>
        openMenu(e.currentTarget, who.name, [
          { icon: "sun", word: t("consoleMenu.theme"), run: () => (theme.value = dark.value ? "light" : "dark") },
          { icon: "chat", word: t("consoleMenu.client"), run: () => location.assign("/") },
          "-",
          { icon: "leave", word: t("consoleMenu.signOut"), run: () => void signOut() },
        ])
      }
    >
      <Avatar id={who.name} name={who.name} size="sm" />
      <span>
        <b>
          <bdi>{who.name}</bdi>
        </b>
        <small>{who.grants[0] && roleWord(who.grants[0])}</small>
      </span>
    </button>
  );
}

/** A grant in words. */
export function roleWord(g: Grant): string {
  const of = g.domain ?? g.org;
  return t(`consoleMenu.roles.${g.role === "auditor" && !of ? "auditorAll" : g.role}`, { of: of ?? "" });
}
