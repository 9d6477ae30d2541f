import type { ComponentChildren } from "preact";
import { t } from "../../../../i18n/index.ts";
import { Icon } from "../../../../ui/Icon.tsx";
import type { IconName } from "../../../../ui/icons.ts";
import type { SystemLine } from "../../../model/types.ts";

const icons: Readonly<Record<SystemLine["what"], IconName>> = { joined: "addPerson", added: "addPerson", left: "leave", removed: "leave", titled: "edit", created: "people", role: "person" };

/** A line of the chat's story. The sentence is one text of the language; names stand in it as bdi. */
export function System({ line }: { line: SystemLine }) {
  const names = new Map([["who", line.who], ["whom", line.whom ?? ""], ["text", line.text ?? ""]]);
  return (
    <div class="sys">
      <Icon name={icons[line.what] ?? "info"} small />
      <span>{withNames(t(`conversation.system.${line.what}`, { who: "\u0001who\u0001", whom: "\u0001whom\u0001", text: "\u0001text\u0001" }), names)}</span>
    </div>
  );
}

/** A sentence with places for names: the language decides their order, the page how they look. */
export function withNames(sentence: string, names: ReadonlyMap<string, string>): ComponentChildren {
  return sentence.split("\u0001").map((part, i) => (i % 2 === 0 ? part : <b key={i}><bdi>{names.get(part) ?? ""}</bdi></b>));
}
