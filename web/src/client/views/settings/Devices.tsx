import { Button } from "../../../ui/Button.tsx";
import { ask } from "../../../ui/Dialog.tsx";
import { dayAndClock } from "../../../ui/format.ts";
import { Icon } from "../../../ui/Icon.tsx";
import { Empty, Tag } from "../../../ui/parts.tsx";
import { t } from "../../../i18n/index.ts";
import type { DeviceSession, Model } from "../../model/types.ts";
import { deviceName, isPhone } from "../../../ui/device.ts";

/** Sessions of the person: end them, and let in one that waits for the second factor. */
export function Devices({ model }: { model: Model }) {
  const sessions = [...model.sessions.value].sort((a, b) => rank(b) - rank(a) || b.time - a.time);
  const others = sessions.filter((s) => !s.current);
  if (sessions.length === 0) return <Empty title={t("shell.settings.devices.none")} />;
  return (
    <>
      <p class="hint">{t("shell.settings.devices.text")}</p>
      <ul class="device-list">
        {sessions.map((s) => (
          <Device key={s.id} model={model} session={s} />
        ))}
      </ul>
      {others.length > 1 && (
        <div class="acts-row">
          <Button onClick={() => void endAll(model, others)}>{t("shell.settings.devices.endAll")}</Button>
        </div>
      )}
    </>
  );
}

function rank(s: DeviceSession): number {
  return s.code !== undefined && !s.current ? 2 : s.current ? 1 : 0;
}

function Device({ model, session: s }: { model: Model; session: DeviceSession }) {
  const name = deviceName(s.userAgent) || t("shell.settings.devices.unknown");
  const waits = s.code !== undefined && !s.current;
  return (
    <li class="device">
      <span class="sq"><Icon name={isPhone(s.userAgent) ? "device" : "share"} /></span>
      <div class="grow">
        <div class="n"><bdi>{name}</bdi> {s.current && <Tag cord="fern">{t("shell.settings.devices.this")}</Tag>} {waits && <Tag cord="ochre">{t("shell.settings.devices.waits")}</Tag>}</div>
        <div class="p">{waits ? t("shell.settings.devices.code", { code: s.code ?? "" }) : t("shell.settings.devices.since", { time: dayAndClock(s.time) })}</div>
      </div>
      {waits && <Button kind="pri" size="s" onClick={() => model.authorize(s.id)}>{t("shell.settings.devices.allow")}</Button>}
      {!s.current && <Button size="s" aria-label={t(waits ? "shell.settings.devices.refuseName" : "shell.settings.devices.endName", { name })} onClick={() => void end(model, s, name, waits)}>{waits ? t("shell.settings.devices.refuse") : t("shell.settings.devices.end")}</Button>}
    </li>
  );
}

async function end(model: Model, s: DeviceSession, name: string, waits: boolean): Promise<void> {
  if (waits || (await ask({ title: t("shell.settings.devices.endTitle", { name }), text: t("shell.settings.devices.endText"), act: t("shell.settings.devices.end"), bad: true }))) model.revoke(s.id);
}

async function endAll(model: Model, others: readonly DeviceSession[]): Promise<void> {
  if (await ask({ title: t("shell.settings.devices.endAllTitle"), text: t("shell.settings.devices.endText"), act: t("shell.settings.devices.endAll"), bad: true })) for (const s of others) model.revoke(s.id);
}
