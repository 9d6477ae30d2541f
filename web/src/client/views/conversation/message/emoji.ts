/** Whether a text is a few emoji and nothing else: shown larger. */
export function onlyEmoji(text: string): boolean {
  return text.length <= 48 && /^(?:\p{Extended_Pictographic}(?:\uFE0F|\u200D\p{Extended_Pictographic}|\p{Emoji_Modifier})*|\p{Regional_Indicator}{2}|\s){1,6}$/u.test(text) && /\S/.test(text);
}

/** The direction of the first letter that has one; undefined where none has (then it follows the page). */
export function directionOf(text: string): "ltr" | "rtl" | undefined {
  const letter = /\p{L}/u.exec(text)?.[0];
  if (letter === undefined) return undefined;
  return /[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u.test(letter) ? "rtl" : "ltr";
}
