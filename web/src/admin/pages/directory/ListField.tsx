import type { ComponentChildren } from "preact";
import { useState } from "preact/hooks";
import { t } from "../../../i18n/index.ts";
import { Field } from "../../../ui/Field.tsx";
import { words } from "./draft.ts";

export interface ListFieldProps {
  label: string;
  value: readonly string[];
  onInput: (value: readonly string[]) => void;
  hint?: ComponentChildren;
  error?: ComponentChildren;
  readOnly?: boolean | undefined;
  mono?: boolean | undefined;
}

/** Several values in one line. What is typed stays as it is typed, a comma at the end too. */
export function ListField({ label, value, onInput, hint, error, readOnly, mono }: ListFieldProps) {
  const [typed, setTyped] = useState("");
  const shown = words(typed).join("\n") === value.join("\n") ? typed : value.join(", ");
  return (
    <Field
      label={label}
      hint={hint ?? t("consoleDirectory.severalHint")}
      error={error}
      readOnly={readOnly}
      mono={mono}
      autocomplete="off"
      value={shown}
      onInput={(text) => {
        setTyped(text);
        onInput(words(text));
      }}
    />
  );
}
