// The shell on this device: a service worker keeps index and hashed assets, so that the
// page opens without a line; a newer version on the server is said in a toast.
import { toast } from "../ui/Toast.tsx";
import { t } from "../i18n/index.ts";

const every = 30 * 60_000;

/** Registers the worker where there may be one, and looks for a newer page now and then. */
export function followUpdates(): void {
  if ("serviceWorker" in navigator) navigator.serviceWorker.register("/sw.js").catch(() => undefined);
  let said = false;
  const look = async () => {
    if (said || document.visibilityState !== "visible" || !(await newer())) return;
    said = true;
    toast(t("shell.update.text"), { word: t("shell.update.act"), run: () => location.reload() }, true);
  };
  setInterval(() => void look(), every);
  document.addEventListener("visibilitychange", () => void look());
}

/** Whether the server's page names another script than this one. */
async function newer(): Promise<boolean> {
  const own = document.querySelector<HTMLScriptElement>('script[type="module"][src]')?.getAttribute("src");
  try {
    const answer = await fetch("/", { cache: "no-cache", headers: { accept: "text/html" } });
    const page = answer.ok ? await answer.text() : "";
    return own !== null && own !== undefined && page.includes('type="module"') && !page.includes(`"${own}"`);
  } catch {
    return false; // no line: nothing is known
  }
}
