// Chromium for the tests, and people who use it.
import axe from "axe-core";
import { chromium, type Browser, type BrowserContext, type BrowserContextOptions, type Locator, type Page } from "playwright-core";
import type { Login, Switch } from "./switch.ts";

const program = process.env["CHROMIUM"] ?? "/usr/bin/chromium";

/** Starts a browser without a screen, with a camera and a microphone that are not real. */
export function startBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: program,
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
      "--use-fake-ui-for-media-stream",
      "--use-fake-device-for-media-stream",
      "--autoplay-policy=no-user-gesture-required",
    ],
  });
}

/** A page in a profile of its own that remembers what went wrong on it. */
export class Person {
  /** Errors of the console and of scripts, and violations of the content policy. */
  readonly faults: string[] = [];
  /** Faults that a test brings about: what is refused is in the browser's console too. */
  readonly expected: RegExp[] = [];
  /** Hosts that were asked for anything. */
  readonly hosts = new Set<string>();

  private constructor(
    readonly context: BrowserContext,
    readonly page: Page,
  ) {
    page.setDefaultTimeout(30_000); // a busy machine is slow, not wrong
    page.on("console", (m) => {
      // That a line is down is told by the page itself; browsers log it all the same.
      if (m.type() === "error" && !/WebSocket connection to|ERR_CONNECTION_REFUSED|ERR_SOCKET_NOT_CONNECTED|ERR_INTERNET_DISCONNECTED/.test(m.text()) && !this.expected.some((e) => e.test(m.text()))) {
        this.faults.push(m.text());
      }
    });
    page.on("pageerror", (e) => this.faults.push(String(e)));
    page.on("request", (r) => {
      const url = new URL(r.url());
      if (url.host) this.hosts.add(url.host);
    });
  }

  static async open(browser: Browser, url: string, options: BrowserContextOptions = {}): Promise<Person> {
    const context = await browser.newContext({ locale: "en-GB", viewport: { width: 1280, height: 860 }, acceptDownloads: true, ...options });
    const p = new Person(context, await context.newPage());
    await p.page.goto(url);
    return p;
  }

  /** Opens the client of a switch and signs in. */
  static async signIn(browser: Browser, on: Switch, login: Login, options: BrowserContextOptions = {}): Promise<Person> {
    const p = await Person.open(browser, on.url, options);
    await p.enter(login);
    return p;
  }

  /** Fills in the page that asks who one is. */
  async enter(login: Login): Promise<void> {
    await this.page.getByLabel("Name", { exact: true }).fill(login.name);
    await this.page.getByLabel("Password", { exact: true }).fill(login.password);
    await this.page.getByRole("button", { name: "Sign in", exact: true }).click();
    await this.page.getByRole("heading", { name: "Chats", exact: true }).waitFor();
  }

  /** Opens a chat by its name. */
  async chat(name: string): Promise<void> {
    await this.page.evaluate((to) => (location.hash = `#/chat/${encodeURIComponent(to)}`), name);
    await this.field().waitFor();
  }

  /** The field that one writes in. */
  field(): Locator {
    return this.page.getByRole("textbox", { name: /^(Message|Edit message)/ });
  }

  /** The messages. */
  log(): Locator {
    return this.page.getByRole("log");
  }

  /** The newest message with a text in it. */
  message(text: string): Locator {
    return this.log().getByRole("article").filter({ hasText: text }).last();
  }

  /** A row of the list of chats. */
  row(title: string): Locator {
    return this.page.getByRole("list", { name: "Chats" }).getByRole("link", { name: new RegExp(title) }).first();
  }

  async write(text: string): Promise<void> {
    const field = this.field();
    await field.click();
    await field.fill(text);
    await this.page.keyboard.press("Enter");
    await this.message(text).waitFor();
  }

  /** Presses one of the acts beside a message. */
  async act(text: string, name: string): Promise<void> {
    const m = this.message(text);
    await m.hover();
    await m.getByRole("button", { name, exact: true }).click();
  }

  /** Chooses from the menu of a message. */
  async menu(text: string, name: string): Promise<void> {
    await this.message(text).locator(".bub").first().click({ button: "right" });
    await this.page.getByRole("menu").getByRole("menuitem", { name: new RegExp(`^${name}`) }).first().click();
  }

  /** Changes an own message. */
  async edit(text: string, to: string): Promise<void> {
    await this.menu(text, "Edit");
    await this.page.getByText("Edit message", { exact: true }).waitFor();
    await this.page.waitForFunction((was) => document.querySelector('[role="textbox"]')?.textContent?.includes(was), text);
    await this.field().fill(to);
    await this.page.keyboard.press("Enter");
  }

  async react(text: string, emoji: string): Promise<void> {
    await this.menu(text, `React with ${emoji}`);
  }

  /** What an automatic check of accessibility finds (WCAG 2.0 to 2.2, A and AA). */
  async violations(): Promise<string[]> {
    await this.page.evaluate(axe.source);
    return this.page.evaluate(async () => {
      const axe = (globalThis as unknown as { axe: typeof import("axe-core") }).axe;
      const found = await axe.run(document, { runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] });
      return found.violations.map((v) => `${v.id}: ${v.help}: ${v.nodes.map((n) => n.html).slice(0, 3).join(" | ")}`);
    });
  }

  async close(): Promise<void> {
    await this.context.close();
  }
}
