import { t } from "../../i18n/index.ts";

/** What did not happen, and why if the error carries a sentence of its own. */
export function explain(what: string, why: unknown): string {
  const reason = why instanceof Error && why.message ? why.message : "";
  return reason ? t("shell.error.because", { what, reason }) : what;
}
