// The areas of the client; main.tsx sets them up.
import type { Areas, Texts } from "./index.ts";

export const clientAreas: Areas = {
  en: import.meta.glob<Texts>(["./en/*.ts", "!./en/console*.ts"], { eager: true, import: "default" }),
  de: import.meta.glob<Texts>(["./de/*.ts", "!./de/console*.ts"], { import: "default" }),
  tr: import.meta.glob<Texts>(["./tr/*.ts", "!./tr/console*.ts"], { import: "default" }),
};
