import { Segment, Select } from "../../../ui/Field.tsx";
import { percent } from "../../../ui/format.ts";
import { contrast, contrasts, densities, density, motion, motions, textSize, textSizes, theme, themes } from "../../../ui/theme.ts";
import { t } from "../../../i18n/index.ts";
import { Line } from "./Line.tsx";

export function Appearance() {
  const word = (group: string) => (value: string) => t(`shell.settings.appearance.${group}.${value}`);
  return (
    <>
      <Line word={t("shell.settings.appearance.theme.title")}>
        <Segment label={t("shell.settings.appearance.theme.title")} value={theme.value} onChange={(v) => void (theme.value = v)} options={themes.map((value) => ({ value, word: word("theme")(value) }))} />
      </Line>
      <Line word={t("shell.settings.appearance.density.title")} hint={t("shell.settings.appearance.density.hint")}>
        <Segment label={t("shell.settings.appearance.density.title")} value={density.value} onChange={(v) => void (density.value = v)} options={densities.map((value) => ({ value, word: word("density")(value) }))} />
      </Line>
      <Line word={t("shell.settings.appearance.text.title")} hint={t("shell.settings.appearance.text.hint")}>
        <Select bare label={t("shell.settings.appearance.text.title")} value={textSize.value} onChange={(v) => void (textSize.value = v)} options={textSizes.map((value) => ({ value, word: percent(Number(value) / 100) }))} />
      </Line>
      <Line word={t("shell.settings.appearance.contrast.title")}>
        <Segment label={t("shell.settings.appearance.contrast.title")} value={contrast.value} onChange={(v) => void (contrast.value = v)} options={contrasts.map((value) => ({ value, word: word("contrast")(value) }))} />
      </Line>
      <Line word={t("shell.settings.appearance.motion.title")}>
        <Segment label={t("shell.settings.appearance.motion.title")} value={motion.value} onChange={(v) => void (motion.value = v)} options={motions.map((value) => ({ value, word: word("motion")(value) }))} />
      </Line>
    </>
  );
}
