// Finding by parts of words, whatever the marks and cases: "cel" finds Çelik and Marcel.

/** A text in a form to compare, each letter with its place in the original. */
function folded(text: string): { readonly text: string; readonly at: readonly number[] } {
  let out = "";
  const at: number[] = [];
  let i = 0;
  for (const char of text) {
    const plain = char.normalize("NFD").replace(/\p{M}/gu, "").replace(/ı/gu, "i").toLowerCase();
    for (const unit of plain) {
      out += unit;
      for (let k = 0; k < unit.length; k++) at.push(i);
    }
    i += char.length;
  }
  at.push(text.length);
  return { text: out, at };
}

function words(query: string): string[] {
  return folded(query).text.split(/\s+/u).filter(Boolean);
}

/** Whether every word of the query is in the text. */
export function matchesQuery(text: string, query: string): boolean {
  const f = folded(text).text;
  return words(query).every((w) => f.includes(w));
}

/** Where the words of the query are in the text, as [start, end), in order and apart. */
export function marksOf(text: string, query: string): [number, number][] {
  const f = folded(text);
  const found: [number, number][] = [];
  for (const w of words(query)) {
    const i = f.text.indexOf(w);
    if (i >= 0) found.push([f.at[i] ?? 0, f.at[i + w.length] ?? text.length]);
  }
  found.sort((a, b) => a[0] - b[0]);
  return found.filter(([from], i) => i === 0 || from >= (found[i - 1]?.[1] ?? 0));
}
