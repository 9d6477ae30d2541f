// The areas of the console (ui.ts and console*.ts); admin/main.tsx sets them up.
import type { Areas, Texts } from "./index.ts";

export const consoleAreas: Areas = {
  en: import.meta.glob<Texts>(["./en/ui.ts", "./en/console*.ts"], { eager: true, import: "default" }),
  de: import.meta.glob<Texts>(["./de/ui.ts", "./de/console*.ts"], { import: "default" }),
  tr: import.meta.glob<Texts>(["./tr/ui.ts", "./tr/console*.ts"], { import: "default" }),
};
