// The client: texts, look, model, screens. Nothing here knows the protocol.
import { render } from "preact";
import "../ui/base.css";
import "../ui/client.css";
import { clientAreas } from "../i18n/client.ts";
import { setUpTexts, t } from "../i18n/index.ts";
import { listen } from "../ui/keys.ts";
import { applyTheme } from "../ui/theme.ts";
import { createModel } from "./model/index.ts";
import type { Model } from "./model/types.ts";
import { brand } from "./brand.ts";
import { followUpdates } from "./pwa.ts";
import { App } from "./views/App.tsx";

async function makeModel(): Promise<Model> {
  if (import.meta.env.DEV && new URLSearchParams(location.search).has("fake")) {
    const fake = (await import("./fake.ts")).createFake();
    Object.assign(globalThis, { fake }); // to be played with in the console
    return fake;
  }
  return createModel({ words: (key, values) => t(`model.${key}`, values), branding: await brand() });
}

async function start(): Promise<void> {
  applyTheme();
  const [model] = await Promise.all([makeModel(), setUpTexts(clientAreas)]);
  const root = document.getElementById("app");
  if (!root) throw new Error("the page has no #app");
  listen();
  render(<App model={model} />, root);
  if (import.meta.env.PROD) followUpdates();
}

void start();
