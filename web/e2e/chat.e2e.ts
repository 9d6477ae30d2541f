// Two and three people chat in Chromium, each in a profile of his own, on a real switch.
import type { Browser } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { Person, startBrowser } from "./browser.ts";
import { Switch, type Login } from "./switch.ts";

let on: Switch;
let browser: Browser;
const open: Person[] = [];

beforeAll(async () => {
  [on, browser] = await Promise.all([Switch.start(), startBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await on?.end();
});
afterEach(async () => {
  const list = open.splice(0);
  const faults = list.flatMap((p) => p.faults);
  await Promise.all(list.map((p) => p.close()));
  expect(faults).toEqual([]);
});

/** Somebody of the demo, signed in. */
async function enter(name: string): Promise<Person> {
  const p = await Person.signIn(browser, on, login(name));
  open.push(p);
  return p;
}

function login(name: string): Login {
  const found = on.people.get(name);
  if (!found) throw new Error(`no ${name} in the demo`);
  return found;
}

test("people chat, see who has read it, reply, react, edit and delete", async () => {
  const [alice, bob] = await Promise.all([enter("alice"), enter("bob")]);
  await alice.chat("bob");
  await alice.write("Hello Bob, how are the lines?");
  // It is on Bob's device, and news there.
  await bob.row("Alice.*1 unread").waitFor();
  await alice.message("how are the lines?").getByText("delivered").waitFor({ state: "attached" });
  await bob.chat("alice");
  await bob.message("how are the lines?").waitFor();
  await alice.message("how are the lines?").getByText("read").waitFor({ state: "attached" });

  await bob.act("how are the lines?", "Reply");
  await bob.write("All nine are up.");
  const answer = alice.message("All nine are up.");
  await answer.getByText("Hello Bob, how are the lines?").waitFor(); // the quote

  await alice.react("All nine are up.", "👍");
  await bob.message("All nine are up.").getByRole("button", { name: /👍/ }).first().waitFor();

  await bob.edit("All nine are up.", "All ten are up.");
  await alice.message("All ten are up.").getByText("edited").waitFor({ state: "attached" });

  await alice.write("This goes away");
  await bob.message("This goes away").waitFor();
  await alice.menu("This goes away", "Delete");
  await bob.log().getByText("This message was deleted").waitFor();
});

test("typing is seen, and drafts stay", async () => {
  const [alice, bob] = await Promise.all([enter("alice"), enter("bob")]);
  await alice.chat("bob");
  await bob.chat("alice");
  await alice.field().pressSequentially("I am still writ", { delay: 20 });
  await bob.page.getByText("Alice is typing").first().waitFor();
  await alice.chat("carol");
  await alice.chat("bob");
  await alice.page.waitForFunction(() => document.querySelector('[role="textbox"]')?.textContent === "I am still writ");
  await alice.page.reload();
  await alice.page.waitForFunction(() => document.querySelector('[role="textbox"]')?.textContent === "I am still writ");
});

test("pictures and voice messages go over, and can be seen and heard", async () => {
  const [alice, bob] = await Promise.all([enter("alice"), enter("bob")]);
  await Promise.all([alice.chat("bob"), bob.chat("alice")]);
  const picture = await alice.page.evaluate(() => {
    const c = document.createElement("canvas");
    c.width = 640;
    c.height = 360;
    const g = c.getContext("2d");
    if (g) {
      g.fillStyle = "#32905a";
      g.fillRect(0, 0, 640, 360);
    }
    return c.toDataURL("image/png").split(",")[1] ?? "";
  });
  const [chooser] = await Promise.all([
    alice.page.waitForEvent("filechooser"),
    (async () => {
      await alice.page.getByRole("button", { name: "Attach", exact: true }).click();
      await alice.page.getByRole("menuitem", { name: "Pictures and files" }).click();
    })(),
  ]);
  await chooser.setFiles([
    { name: "hall.png", mimeType: "image/png", buffer: Buffer.from(picture, "base64") },
    { name: "plan.csv", mimeType: "text/csv", buffer: Buffer.from("number;name\n4207;echo\n") },
  ]);
  await alice.page.getByRole("button", { name: "Send", exact: true }).click();
  const seen = bob.page.getByRole("button", { name: "Open picture hall.png" });
  await seen.waitFor();
  await bob.page.waitForFunction(() => [...document.querySelectorAll<HTMLImageElement>('[role="log"] img')].some((i) => i.naturalWidth > 0));
  await seen.click();
  await bob.page.getByRole("dialog", { name: "Picture hall.png" }).waitFor();
  await bob.page.keyboard.press("Escape");
  const [file] = await Promise.all([bob.page.waitForEvent("download"), bob.page.getByRole("button", { name: "Download plan.csv" }).click()]);
  expect(file.suggestedFilename()).toBe("plan.csv");

  await alice.page.getByRole("button", { name: "Record voice message" }).click();
  await alice.page.getByRole("timer").waitFor();
  await alice.page.waitForTimeout(1500); // a voice message takes its time
  await alice.page.getByRole("button", { name: "Send", exact: true }).click();
  const play = bob.page.getByRole("button", { name: /^Play / }).last();
  await play.waitFor();
  await play.click();
  await bob.page.getByRole("button", { name: /^Pause / }).waitFor();
});

test("a group is made, written in, changed and left", async () => {
  const [alice, bob, carol] = await Promise.all([enter("alice"), enter("bob"), enter("carol")]);
  await alice.page.getByRole("button", { name: "New chat" }).click();
  await alice.page.getByRole("button", { name: /New group/ }).click();
  const dialog = alice.page.getByRole("dialog", { name: "New group" });
  await dialog.getByLabel("Title").fill("Cutover Hall 4");
  for (const name of ["Bob", "Carol"]) {
    await dialog.getByLabel("Name, number or address").fill(name);
    await dialog.getByRole("option", { name: new RegExp(name) }).or(dialog.getByRole("checkbox", { name: new RegExp(name) })).or(dialog.getByRole("button", { name: new RegExp(`^${name}`) })).first().click();
  }
  await dialog.getByRole("button", { name: "Create group" }).click();
  await alice.page.getByRole("heading", { name: "Cutover Hall 4" }).first().waitFor();
  await alice.write("Extensions 4200 to 4220");
  for (const p of [bob, carol]) {
    await p.row("Cutover Hall 4").click();
    await p.message("Extensions 4200 to 4220").waitFor();
  }
  await bob.write("On the new switch?");
  await carol.message("On the new switch?").waitFor();
  await alice.edit("Extensions 4200 to 4220", "Extensions 4200 to 4420");
  await carol.message("Extensions 4200 to 4420").waitFor();
  await carol.react("Extensions 4200 to 4420", "👍");
  await bob.message("Extensions 4200 to 4420").getByRole("button", { name: /👍/ }).first().waitFor();
  await carol.page.getByRole("button", { name: "Details", exact: true }).click();
  await carol.page.getByRole("button", { name: "Leave group" }).click();
  await carol.page.getByRole("dialog").getByRole("button", { name: "Leave group" }).click();
  await bob.log().getByText(/Carol.* left/).waitFor();
});

test("what is written while the line is down waits, and goes out once", async () => {
  const [alice, bob] = await Promise.all([enter("alice"), enter("bob")]);
  await Promise.all([alice.chat("bob"), bob.chat("alice")]);
  await on.down();
  await alice.page.getByText(/Offline since/).waitFor();
  await alice.write("Written in the dark");
  await alice.message("Written in the dark").getByText("waiting").waitFor({ state: "attached" });
  await alice.page.getByText(/1 message waits here/).waitFor();
  await on.up();
  await bob.message("Written in the dark").waitFor({ timeout: 40_000 });
  await alice.message("Written in the dark").getByText(/delivered|read/).waitFor({ state: "attached", timeout: 40_000 });
  await alice.page.getByText(/Offline since/).waitFor({ state: "detached" });
  expect(await bob.log().getByText("Written in the dark").count()).toBe(1);
});

test("tabs of one person stay in step", async () => {
  const [alice, bob] = await Promise.all([enter("alice"), enter("bob")]);
  const second = await alice.context.newPage();
  await second.goto(`${on.url}/#/chat/bob`);
  await alice.chat("bob");
  await alice.write("From the first tab");
  await second.getByRole("log").getByText("From the first tab").waitFor();
  await bob.chat("alice");
  await bob.write("Seen in both");
  await alice.message("Seen in both").waitFor();
  await second.getByRole("log").getByText("Seen in both").waitFor();
});

test("hostile texts and names are text", async () => {
  await on.user("__proto__", "190", "__proto__");
  await on.user("constructor", "191", 'Eve "><img src=x onerror=document.title=1>').catch(() => on.user("constructor", "191", "constructor"));
  const alice = await enter("alice");
  const proto = await Person.signIn(browser, on, { name: "__proto__", num: "190", password: "correct horse battery" });
  open.push(proto);
  await alice.chat("__proto__");
  const hostile = [
    '<img src=x onerror="document.title=1">',
    "<script>document.title=1</script>",
    '<a href="javascript:document.title=1">link</a>',
    "<svg/onload=document.title=1>",
    '"><style>*{display:none}</style>',
    "{{constructor.constructor('document.title=1')()}}",
    "__proto__",
    "\u202egnp.exe",
  ];
  for (const text of hostile) await alice.write(text);
  await proto.chat("alice");
  await proto.message("__proto__").first().waitFor();
  await proto.log().getByText(hostile[0] ?? "", { exact: false }).first().waitFor();
  for (const p of [alice, proto]) {
    expect(await p.page.title()).not.toBe("1");
    expect(await p.log().locator("script, style, svg[onload], img[onerror], a[href^=javascript]").count()).toBe(0);
  }
});

test("people search, and find what was said", async () => {
  const alice = await enter("alice");
  await alice.chat("bob");
  await alice.write("Fourteen lines are ready");
  await alice.page.keyboard.press("Control+k");
  const finder = alice.page.getByRole("dialog");
  // The index is a moment behind what is written.
  await expect
    .poll(
      async () => {
        await finder.getByRole("combobox").fill("");
        await finder.getByRole("combobox").fill("fourteen");
        await alice.page.waitForTimeout(500);
        return finder.getByRole("option", { name: /Fourteen lines are ready/ }).count();
      },
      { timeout: 20_000 },
    )
    .toBeGreaterThan(0);
  await finder.getByRole("combobox").fill("carol");
  await finder.getByRole("option", { name: /Carol/ }).first().click();
  await alice.page.getByRole("heading", { name: "Carol" }).first().waitFor();
});

test("a session can be ended from another one", async () => {
  const [here, there] = await Promise.all([enter("carol"), enter("carol")]);
  await here.page.goto(`${on.url}/#/settings/devices`);
  await here.page.getByRole("button", { name: /^End session/ }).first().click();
  await here.page.getByRole("dialog").getByRole("button", { name: "End session" }).click();
  await there.page.getByRole("heading", { name: "Sign in" }).waitFor();
});

for (const scheme of ["light", "dark"] as const) {
  test(`no fault of accessibility is found, ${scheme}`, async () => {
    const out = await Person.open(browser, on.url, { colorScheme: scheme });
    open.push(out);
    await out.page.getByRole("heading", { name: "Sign in" }).waitFor();
    expect(await out.violations()).toEqual([]);
    const alice = await Person.signIn(browser, on, login("alice"), { colorScheme: scheme });
    open.push(alice);
    await alice.chat("bob");
    await alice.write("Nothing in the way?");
    expect(await alice.violations()).toEqual([]);
    await alice.page.getByRole("button", { name: "Details", exact: true }).click();
    expect(await alice.violations()).toEqual([]);
    for (const part of ["appearance", "language", "notifications", "devices", "trace"]) {
      await alice.page.goto(`${on.url}/#/settings/${part}`);
      await alice.page.getByRole("heading").first().waitFor();
      expect(await alice.violations(), part).toEqual([]);
    }
  });
}
