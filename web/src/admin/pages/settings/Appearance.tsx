import { Segment, Select } from "../../../ui/Field.tsx";
import { clock, clockStyle, percent } from "../../../ui/format.ts";
import { contrast, contrasts, densities, density, motion, motions, textSize, textSizes, theme, themes } from "../../../ui/theme.ts";
import { chosenLanguage, languageNames, languages, t } from "../../../i18n/index.ts";
import { Line } from "./parts.tsx";

/** How the console looks on this device, and its language. */
export function Appearance() {
  const word = (name: string) => t(`consoleSettings.look.${name}`);
  const words = <V extends string>(group: string, values: readonly V[]) => values.map((value) => ({ value, word: word(`${group}.${value}`) }));
  return (
    <section class="card">
      <h2>{word("title")}</h2>
      <Line word={word("language")}>
        <Select bare label={word("language")} value={chosenLanguage.value} onChange={(v) => void (chosenLanguage.value = v)} options={[{ value: "", word: word("browser") }, ...languages.map((l) => ({ value: l as string, word: languageNames[l] }))]} />
      </Line>
      <Line word={word("clock")} hint={clock(Date.now())}>
        <Segment label={word("clock")} value={clockStyle.value} onChange={(v) => void (clockStyle.value = v)} options={[{ value: "locale", word: word("byLanguage") }, { value: "h23", word: "24" }, { value: "h12", word: "12" }]} />
      </Line>
      <Line word={word("theme.title")}>
        <Segment label={word("theme.title")} value={theme.value} onChange={(v) => void (theme.value = v)} options={words("theme", themes)} />
      </Line>
      <Line word={word("density.title")}>
        <Segment label={word("density.title")} value={density.value} onChange={(v) => void (density.value = v)} options={words("density", densities)} />
      </Line>
      <Line word={word("text")}>
        <Select bare label={word("text")} value={textSize.value} onChange={(v) => void (textSize.value = v)} options={textSizes.map((value) => ({ value, word: percent(Number(value) / 100) }))} />
      </Line>
      <Line word={word("contrast.title")}>
        <Segment label={word("contrast.title")} value={contrast.value} onChange={(v) => void (contrast.value = v)} options={words("contrast", contrasts)} />
      </Line>
      <Line word={word("motion.title")}>
        <Segment label={word("motion.title")} value={motion.value} onChange={(v) => void (motion.value = v)} options={words("motion", motions)} />
      </Line>
    </section>
  );
}
