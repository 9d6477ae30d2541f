// The devices of an object. Each act is done at once: devices are no part of the form.
import { useState } from "preact/hooks";
import { t } from "../../../i18n/index.ts";
import { Button, IconButton } from "../../../ui/Button.tsx";
import { Checkbox, Field, Select } from "../../../ui/Field.tsx";
import { Skeleton, Tag } from "../../../ui/parts.tsx";
import { toast } from "../../../ui/Toast.tsx";
import { ask, sentence, type Part, type Problem } from "../../api.ts";
import { usePoll } from "../../poll.ts";
import { pathOf } from "./acts.ts";
import { choices } from "./General.tsx";
import { problemOf, Refusal } from "./parts.tsx";
import { writesHere } from "./place.ts";
import type { Device, DirectoryObject } from "./types.ts";

interface Live {
  readonly hw: string;
  readonly since: string;
}

const builtIn = ["phone", "softphone", "chat"];
const refresh = 5000;

export function DevicesTab({ o, apps }: { o: DirectoryObject; apps: readonly DirectoryObject[] }) {
  const [adding, setAdding] = useState(false);
  const poll = usePoll(
    async (signal) => {
      const [devices, live] = await Promise.all([
        ask<Part<Device>>("GET", [...pathOf(o), "devices"], { signal }),
        ask<Part<Live>>("GET", ["registrations"], { query: { domain: o.domain, user: o.sip }, signal }),
      ]);
      return { devices: devices.items, live: live.items };
    },
    refresh,
    [o.id, o.sip],
  );
  const found = poll.value.value;
  const remove = async (d: Device) => {
    try {
      await ask("DELETE", [...pathOf(o), "devices", d.hw]);
      toast(t("consoleDirectory.deviceRemoved", { hw: d.hw }), {
        word: t("ui.undo"),
        run: () => void ask("POST", [...pathOf(o), "devices"], { body: { hw: d.hw, text: d.text ?? "", app: d.app ?? "", single: d.single } }).then(() => poll.again(), (e: unknown) => toast(sentence(e))),
      });
    } catch (e) {
      toast(sentence(e));
    }
    poll.again();
  };
  if (!found) return poll.error.value ? <p class="hint">{poll.error.value}</p> : <Skeleton kind="lines" count={3} />;
  return (
    <>
      {found.devices.length === 0 && !adding && <p class="hint">{t("consoleDirectory.noDevices")}</p>}
      <ul class="device-list">
        {found.devices.map((d) => {
          const live = found.live.filter((r) => r.hw === d.hw).length;
          return (
            <li key={d.hw}>
              <i class={live > 0 ? "lamp open" : "lamp off"} />
              <span class="grow">
                <bdi>{d.text || d.hw}</bdi>
                <small class="mono">{[d.hw, d.app].filter(Boolean).join(" · ")}</small>
              </span>
              {d.single && <Tag>{t("consoleDirectory.single")}</Tag>}
              <span class="hint">{t(live > 0 ? "consoleDirectory.states.online" : "consoleDirectory.states.offline")}</span>
              {writesHere.value && <IconButton icon="trash" size="s" label={t("consoleDirectory.removeDevice", { hw: d.hw })} onClick={() => void remove(d)} />}
            </li>
          );
        })}
      </ul>
      {adding && <NewDevice o={o} apps={apps} onDone={() => (setAdding(false), poll.again())} onClose={() => setAdding(false)} />}
      {!adding && writesHere.value && (
        <div>
          <Button size="s" icon="add" onClick={() => setAdding(true)}>{t("consoleDirectory.addDevice")}</Button>
        </div>
      )}
    </>
  );
}

function NewDevice({ o, apps, onDone, onClose }: { o: DirectoryObject; apps: readonly DirectoryObject[]; onDone: () => void; onClose: () => void }) {
  const [d, setDevice] = useState({ hw: "", text: "", app: "", single: false });
  const [problem, setProblem] = useState<Problem | undefined>();
  const add = async () => {
    try {
      await ask("POST", [...pathOf(o), "devices"], { body: d });
      onDone();
    } catch (e) {
      setProblem(problemOf(e));
    }
  };
  return (
    <fieldset class="lines">
      <legend>{t("consoleDirectory.addDevice")}</legend>
      <Refusal problem={problem} shown={["hw", "text", "app"]} />
      <Field label={t("consoleDirectory.hw")} hint={t("consoleDirectory.hwHint")} value={d.hw} onInput={(hw) => setDevice({ ...d, hw })} error={problem?.of("hw")} mono autocomplete="off" />
      <Field label={t("consoleDirectory.deviceText")} value={d.text} onInput={(text) => setDevice({ ...d, text })} error={problem?.of("text")} autocomplete="off" />
      <Select label={t("consoleDirectory.app")} value={d.app} options={choices(d.app, [...builtIn, ...apps.map((a) => a.sip)], t("consoleDirectory.none"))} onChange={(app) => setDevice({ ...d, app })} />
      <Checkbox label={t("consoleDirectory.singleLong")} on={d.single} onChange={(single) => setDevice({ ...d, single })} />
      <div class="acts-in">
        <Button size="s" kind="pri" disabled={d.hw.trim() === ""} onClick={() => void add()}>{t("consoleDirectory.add")}</Button>
        <Button size="s" kind="txt" onClick={onClose}>{t("ui.cancel")}</Button>
      </div>
    </fieldset>
  );
}
