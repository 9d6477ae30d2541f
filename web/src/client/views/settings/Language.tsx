import { useState } from "preact/hooks";
import { Field, Segment, Select } from "../../../ui/Field.tsx";
import { clock, clockStyle, full, timeZone, validZone, weekdays, zoneName } from "../../../ui/format.ts";
import { chosenLanguage, languageNames, languages, t } from "../../../i18n/index.ts";
import { Line } from "./Line.tsx";

export function Language() {
  return (
    <>
      <Line word={t("shell.settings.language.language")}>
        <Select bare label={t("shell.settings.language.language")} value={chosenLanguage.value} onChange={(v) => void (chosenLanguage.value = v)} options={[{ value: "", word: t("shell.settings.language.browser") }, ...languages.map((l) => ({ value: l as string, word: languageNames[l] }))]} />
      </Line>
      <ZoneLine />
      <Line word={t("shell.settings.language.clock")} hint={t("shell.settings.language.now", { time: clock(Date.now()) })}>
        <Segment
          label={t("shell.settings.language.clock")}
          value={clockStyle.value}
          onChange={(v) => void (clockStyle.value = v)}
          options={[
            { value: "locale", word: t("shell.settings.language.byLanguage") },
            { value: "h23", word: "24" },
            { value: "h12", word: "12" },
          ]}
        />
      </Line>
      <Line word={t("shell.settings.language.week")} hint={t("shell.settings.language.weekHint")}>
        <span>{weekdays().join(" ")}</span>
      </Line>
    </>
  );
}

function ZoneLine() {
  const [text, setText] = useState(timeZone.peek());
  const zones = (Intl as unknown as { supportedValuesOf?: (k: "timeZone") => string[] }).supportedValuesOf?.("timeZone") ?? [];
  const change = (v: string) => {
    setText(v);
    if (v === "" || validZone(v)) timeZone.value = v;
  };
  const wrong = text !== "" && !validZone(text);
  return (
    <Line word={t("shell.settings.language.zone")} hint={t("shell.settings.language.zoneHint", { zone: zoneName(), time: full(Date.now()) })}>
      <Field class="bare-label" label={t("shell.settings.language.zone")} value={text} onInput={change} placeholder={t("shell.settings.language.device")} list="zones" spellcheck={false} error={wrong ? t("shell.settings.language.zoneWrong", { zone: text }) : undefined} />
      <datalist id="zones">
        {zones.map((z) => (
          <option key={z} value={z} />
        ))}
      </datalist>
    </Line>
  );
}
