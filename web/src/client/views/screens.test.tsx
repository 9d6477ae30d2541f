// @vitest-environment jsdom
// Sign-in, banners and rows, drawn with the model without a server.
import { signal } from "@preact/signals";
import { type ComponentChild, render } from "preact";
import { afterEach, beforeAll, beforeEach, expect, test, vi } from "vitest";
import { clientAreas } from "../../i18n/client.ts";
import { chosenLanguage, setUpTexts } from "../../i18n/index.ts";
import { createFake } from "../fake.ts";
import type { Line, Model, SignIn } from "../model/types.ts";
import { go, route } from "../../ui/route.ts";
import { useForgottenPlace } from "./App.tsx";
import { Banners } from "./Banners.tsx";
import { ChatRow } from "./ChatRow.tsx";
import { Gate } from "./Gate.tsx";

let root: HTMLElement;

beforeAll(() => setUpTexts(clientAreas));
beforeEach(() => {
  vi.useFakeTimers();
  document.body.innerHTML = '<div id="app"></div>';
  root = document.getElementById("app") as HTMLElement;
});
afterEach(async () => {
  if (vi.isFakeTimers()) await vi.advanceTimersByTimeAsync(500); // effects that wait are run, or the next test's would wait behind them
  render(null, root);
  vi.useRealTimers();
});

const draw = async (what: ComponentChild) => {
  render(what, root);
  await vi.advanceTimersByTimeAsync(50);
};
const field = (label: string) => {
  const l = [...root.querySelectorAll("label")].find((x) => x.textContent === label);
  return document.getElementById(l?.htmlFor ?? "") as HTMLInputElement;
};
const type = async (label: string, text: string) => {
  const el = field(label);
  el.value = text;
  el.dispatchEvent(new Event("input", { bubbles: true }));
  await vi.advanceTimersByTimeAsync(10);
};
const submit = async () => {
  root.querySelector("form")?.dispatchEvent(new Event("submit", { bubbles: true, cancelable: true }));
  await vi.advanceTimersByTimeAsync(500);
};
const text = () => (root.textContent ?? "").replace(/\s+/g, " ");

test("signing in: what is wrong is said, and the way out", async () => {
  const model = createFake("?out");
  await draw(<Gate model={model} />);
  expect(text()).toContain("to nordklinik.example");
  expect(field("Name").value).toBe("marlene.brandt");
  expect(document.activeElement).toBe(field("Password"));
  await type("Password", "wrong");
  await submit();
  expect(root.querySelector("[role=alert]")?.textContent).toContain("is not right");
  expect(field("Password").getAttribute("aria-invalid")).toBe("true");
  await type("Password", "right");
  await submit();
  expect(model.signIn.value.step).toBe("in");
});

test("nothing is sent without name and password", async () => {
  const model = createFake("?out");
  const enter = vi.spyOn(model, "enter");
  await draw(<Gate model={model} />);
  await submit();
  expect(enter).not.toHaveBeenCalled();
  expect(document.activeElement).toBe(field("Password"));
});

test("too many attempts: the seconds count down, and nothing goes out meanwhile", async () => {
  const model = createFake("?out");
  const enter = vi.spyOn(model, "enter");
  await draw(<Gate model={model} />);
  await type("Password", "wait");
  await submit();
  expect(text()).toContain("Try again in 12 seconds");
  await submit();
  expect(enter).toHaveBeenCalledTimes(1);
  await vi.advanceTimersByTimeAsync(12_000);
  expect(text()).toContain("One may try again now");
  await type("Password", "right");
  await submit();
  expect(model.signIn.value.step).toBe("in");
});

test("the second factor shows the code, and can be left", async () => {
  const model = createFake("?second");
  await draw(<Gate model={model} />);
  expect(root.querySelector(".code")?.textContent).toBe("4711");
  root.querySelector<HTMLButtonElement>(".btn")?.click();
  await vi.advanceTimersByTimeAsync(10);
  expect(root.querySelector("h1")?.textContent).toBe("Sign in");
});

test("who leaves in another tab leaves no place here, whose session ends comes back to it", async () => {
  const at = signal<SignIn>({ step: "in" });
  const Probe = () => (useForgottenPlace(at.value), null);
  const become = async (next: SignIn) => {
    at.value = next;
    await vi.advanceTimersByTimeAsync(50);
  };
  go(["chat", "bob"]);
  await draw(<Probe />);
  await become({ step: "out", error: { code: "expired" } });
  expect(route.value).toEqual(["chat", "bob"]);
  await become({ step: "in" });
  await become({ step: "out" });
  expect(route.value).toEqual([]);
  go(["chat", "bob"]); // a link that is opened before one signs in
  await become({ step: "out", name: "alice" });
  expect(route.value).toEqual(["chat", "bob"]);
  go([], true);
});

function withLine(line: Line): Model {
  return { ...createFake(""), line: signal(line) };
}
const up: Line = { state: "up", waiting: 0, store: "on" };

test("the banner says since when, how many, and when the next try is", async () => {
  const now = Date.now();
  await draw(<Banners model={withLine({ ...up, state: "down", since: now - 60_000, next: now + 8_000, waiting: 3 })} />);
  expect(text()).toMatch(/^Offline since .+\. 3 messages wait here and go out when the line is back\. Next try in 8s\.Try now$/);
  await vi.advanceTimersByTimeAsync(3_000);
  expect(text()).toContain("Next try in 5s.");
});

test("a line that blinks is no news, one message is one", async () => {
  await draw(<Banners model={withLine({ ...up, state: "connecting", since: Date.now() - 100 })} />);
  expect(text()).toBe("");
  await vi.advanceTimersByTimeAsync(2_000);
  expect(text()).toContain("Offline since");
  await draw(<Banners model={withLine({ ...up, state: "down", since: Date.now() - 5_000, waiting: 1 })} />);
  expect(text()).toContain("1 message waits here");
});

test("what is not kept is said, whatever the reason", async () => {
  await draw(<Banners model={withLine({ ...up, store: "off" })} />);
  expect(text()).toContain("Nothing here is kept. Chats of this domain are not stored.");
  await draw(<Banners model={withLine({ ...up, store: "away" })} />);
  expect(text()).toContain("The message store is away.");
  const chat = createFake("").chats.value.find((c) => c.volatile);
  await draw(<Banners model={withLine(up)} chat={chat} />);
  expect(text()).toContain("You or the other person has no licence");
  await draw(<Banners model={withLine(up)} chat={createFake("").chats.value[0]} />);
  expect(text()).toBe("");
});

test("rows: names of people are text, whatever they are called", async () => {
  const chats = createFake("").chats.value;
  const row = (name: string, more = {}) => {
    const chat = chats.find((c) => c.name === name);
    if (!chat) throw new Error(name);
    return <ChatRow chat={{ ...chat, ...more }} current={false} offline={false} stop={false} onMenu={() => undefined} />;
  };
  await draw(row("__proto__", { title: "<img src=x onerror=alert(1)>" }));
  expect(root.querySelector("img")).toBeNull();
  expect(root.querySelector("a")?.getAttribute("href")).toBe("#/chat/__proto__");
  await draw(row("messages?g2"));
  expect(root.querySelector(".badge")?.textContent).toBe("6 unread, you are named");
  await draw(row("messages?g3"));
  expect(root.querySelector("a")?.className).toBe("row muted");
  expect(root.querySelector(".badge")?.className).toBe("badge q");
  await draw(row("elif"));
  expect(root.querySelector(".ticks")?.textContent).toBe("read");
  await draw(row("joerg", { time: 0 }));
  expect(root.querySelector("time")).toBeNull();
});

test("too many attempts: the time is told where it is known, and nothing is made up", async () => {
  const model = (wait?: number): Model => ({ ...createFake("?out"), signIn: signal({ step: "out", error: { code: "wait", ...(wait === undefined ? {} : { wait }) } }) });
  const key = () => root.querySelector<HTMLButtonElement>("button[type=submit]");
  await draw(<Gate model={model()} />);
  expect(text()).toContain("Too many attempts. Wait a few minutes before the next one.");
  expect(key()?.disabled).toBe(false);
  await draw(<Gate key="known" model={model(30)} />);
  expect(text()).toContain("Try again in 30");
  expect(key()?.disabled).toBe(true);
});

test("another language is there at once", async () => {
  await draw(<Gate model={createFake("?out")} />);
  chosenLanguage.value = "tr";
  vi.useRealTimers();
  await vi.waitFor(() => expect(root.querySelector("h1")?.textContent).toBe("Oturum aç"));
  expect(document.documentElement.lang).toBe("tr");
  chosenLanguage.value = "en";
  await vi.waitFor(() => expect(root.querySelector("h1")?.textContent).toBe("Sign in"));
});
