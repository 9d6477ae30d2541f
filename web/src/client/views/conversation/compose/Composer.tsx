import { batch, useComputed, useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { t } from "../../../../i18n/index.ts";
import { IconButton } from "../../../../ui/Button.tsx";
import { cx } from "../../../../ui/cx.ts";
import { clean } from "../../../../ui/html.ts";
import { openMenu } from "../../../../ui/Menu.tsx";
import { wide } from "../../../../ui/theme.ts";
import { toast } from "../../../../ui/Toast.tsx";
import type { Person } from "../../../model/types.ts";
import { lazily } from "../lazy.tsx";
import { usePane } from "../pane.ts";
import { useDraft } from "./draft.ts";
import { type Format, format, formatsAt, insertMention, insertText, isEmpty, queryAt, toEnd } from "./editor.ts";
import { editorKeys } from "./keys.ts";
import { LinkDialog } from "./LinkDialog.tsx";
import { Mentions } from "./Mentions.tsx";
import { Length, namedIn, placeholder } from "./parts.tsx";
import { onPaste } from "./paste.ts";
import { cannotRecord, type Recording } from "./recorder.ts";
import { enterSends, mostFiles } from "./settings.ts";
import { maxText, plainHtml, wireSize } from "./serialize.ts";
import { Strip } from "./Strip.tsx";
import { Formats } from "./Toolbar.tsx";
import type { Hold } from "./VoiceBar.tsx";
import { type Chosen, Tray } from "./Tray.tsx";

const EmojiPicker = lazily(() => import("./EmojiPicker.tsx"));
const VoiceBar = lazily(() => import("./VoiceBar.tsx"));
const VideoDialog = lazily(() => import("./VideoDialog.tsx"));

const pause = 400; // without a key, until the draft is kept and the length is measured
const typingEvery = 1000; // signal/PROTOCOL.md: at most once a second
const typingEnds = 5000;
let lastKey = 0;

export function Composer() {
  const pane = usePane();
  const { conv } = pane;
  const el = useRef<HTMLDivElement>(null);
  const picker = useRef<HTMLInputElement>(null);
  const empty = useSignal(true);
  const bytes = useSignal(0);
  const files = useSignal<readonly Chosen[]>([]);
  const formats = useSignal<ReadonlySet<Format>>(new Set());
  const emoji = useSignal(false);
  const link = useSignal(false);
  const record = useSignal<"voice" | "video" | undefined>(undefined);
  const caret = useRef<Range | undefined>(undefined);
  const hold = useRef<Hold | undefined>(undefined);
  const people = useSignal<readonly Person[]>([]);
  const at = useSignal(0);
  const asked = useRef<{ range: Range; query: string } | undefined>(undefined);
  const timers = useRef<{ pause?: ReturnType<typeof setTimeout>; typing?: ReturnType<typeof setTimeout>; said: number }>({ said: 0 });
  const tooLong = useComputed(() => bytes.value > maxText);
  const phone = !wide.w600.value;

  const read = () => (el.current ? plainHtml(el.current, { mentions: true }) : { html: "", mentions: [] });
  const draft = useDraft(pane, el, read, () => (empty.value = el.current ? isEmpty(el.current) : true));

  const stopTyping = () => {
    clearTimeout(timers.current.typing);
    if (timers.current.said > 0) conv.typing(false);
    timers.current.said = 0;
  };

  /** Each key. Constant work: the text is read when the person rests. */
  const onInput = () => {
    const box = el.current;
    if (!box) return;
    empty.value = isEmpty(box);
    const now = Date.now();
    if (!empty.value && !pane.editing.peek() && now - timers.current.said >= typingEvery) {
      timers.current.said = now;
      conv.typing(true);
    }
    clearTimeout(timers.current.typing);
    timers.current.typing = setTimeout(stopTyping, empty.value ? 0 : typingEnds);
    clearTimeout(timers.current.pause);
    timers.current.pause = setTimeout(rest, pause);
    askMembers();
  };

  const rest = () => {
    const p = read();
    bytes.value = p.html.length * 4 < maxText ? 0 : wireSize(p.html);
    draft.keep(p.html);
  };

  const askMembers = () => {
    const found = pane.isGroup.peek() ? queryAt() : undefined;
    asked.current = found;
    if (!found) return void (people.peek().length > 0 && (people.value = []));
    conv.members(found.query).then(
      (r) => asked.current === found && batch(() => {
        people.value = r.members.filter((m) => !m.own).slice(0, 8).map((m) => m.person);
        at.value = 0;
      }),
      () => (people.value = []),
    );
  };

  const pickMember = (p: Person) => {
    const range = asked.current?.range;
    people.value = [];
    if (range && el.current) insertMention(el.current, range, p.dn, p.sip);
  };

  const clear = () => {
    el.current?.replaceChildren();
    batch(() => {
      empty.value = true;
      bytes.value = 0;
      files.value = [];
      pane.reply.value = undefined;
      emoji.value = false;
    });
    clearTimeout(timers.current.pause);
    draft.keep("");
    stopTyping();
  };

  const send = () => {
    const p = read();
    const editing = pane.editing.peek();
    if (wireSize(p.html) > maxText) return void (bytes.value = wireSize(p.html));
    const named = namedIn(p.html, p.mentions, pane.mentions.peek());
    const mentions = named.length > 0 ? { mentions: named } : {};
    if (editing) {
      if (p.html !== "" && editing.id !== undefined && p.html !== editing.html) conv.edit(editing.id, p.html, named).catch(pane.acts.failed);
      pane.editing.value = undefined;
      return;
    }
    const chosen = files.peek();
    if (p.html === "" && chosen.length === 0) return;
    const reply = pane.reply.peek()?.id;
    conv.send({ html: p.html, ...mentions, ...(reply !== undefined && { reply }), ...(chosen.length > 0 && { files: chosen.map((f) => ({ file: f.file, name: f.file.name })) }) });
    clear();
    void pane.acts.newest();
    el.current?.focus();
  };

  const add = (more: readonly File[]) => {
    const room = mostFiles - files.peek().length;
    if (more.length > room) toast(t("conversation.mostFiles", { count: mostFiles }));
    files.value = [...files.peek(), ...more.slice(0, Math.max(0, room)).map((file) => ({ key: ++lastKey, file }))];
    el.current?.focus();
  };

  useEffect(() => {
    pane.composer = { focus: () => el.current && toEnd(el.current), add };
    return () => void (pane.composer = undefined);
  });

  // The text of a message that is edited stands here instead of the draft.
  const editing = pane.editing.value;
  useLayoutEffect(() => { // before the next key: what is typed must not be overwritten
    if (!editing || !el.current) return;
    const kept = read().html;
    el.current.innerHTML = clean(editing.html);
    empty.value = isEmpty(el.current);
    toEnd(el.current);
    return () => {
      if (!el.current) return;
      el.current.innerHTML = clean(kept);
      empty.value = isEmpty(el.current);
      bytes.value = 0;
    };
  }, [editing]);

  useEffect(() => {
    const follow = () => {
      if (document.activeElement === el.current && el.current) formats.value = formatsAt(el.current);
    };
    document.addEventListener("selectionchange", follow);
    return () => document.removeEventListener("selectionchange", follow);
  }, []);
  useEffect(() => () => {
    clearTimeout(timers.current.pause);
    stopTyping();
  }, []);

  const onFormat = (f: Format) => el.current && (format(el.current, f), (formats.value = formatsAt(el.current)));
  const askLink = () => {
    const s = getSelection();
    caret.current = s && s.rangeCount > 0 && el.current?.contains(s.anchorNode) ? s.getRangeAt(0).cloneRange() : undefined;
    link.value = true;
  };
  /** Behind a dialog nothing can be written: when it has gone, at the place where it was asked for. */
  const linked = (text: string | undefined) => {
    link.value = false;
    setTimeout(() => {
      if (!el.current) return;
      toEnd(el.current);
      if (caret.current) select(caret.current);
      if (text) insertText(el.current, text);
    }, 0);
  };
  const startRecord = (kind: "voice" | "video", held?: Hold) => {
    if (record.peek()) return;
    const why = cannotRecord();
    if (why) return void toast(t(`conversation.record.${why}`));
    hold.current = held;
    record.value = kind;
  };
  const recorded = (r: Recording | undefined) => {
    record.value = undefined;
    if (r) {
      conv.send({ html: "", files: [{ file: r.blob, name: r.name, duration: r.duration, ...(r.wave.length > 0 && { wave: r.wave }) }] });
      void pane.acts.newest();
    }
    requestAnimationFrame(() => el.current?.focus());
  };
  const attachMenu = (e: Element) =>
    openMenu(e, t("conversation.attach"), [
      { word: t("conversation.attachFiles"), icon: "file", run: () => picker.current?.click() },
      { word: t("conversation.videoMessage"), icon: "camera", run: () => startRecord("video") },
      ...(phone ? [{ word: t("conversation.format.link"), icon: "link" as const, run: askLink }] : []),
      "-",
      { word: t("conversation.enterSends"), checked: enterSends.value, run: () => (enterSends.value = !enterSends.value) },
    ]);

  const chat = conv.chat.value;
  const canSend = !empty.value || files.value.length > 0 || editing !== undefined;
  // The key's own pointer events belong to its tooltip.
  const mic = (
    <span class="mic" onPointerDown={(e) => e.pointerType === "touch" && startRecord("voice", { x: e.clientX, y: e.clientY, time: Date.now() })}>
      <IconButton icon="mic" class={phone ? "send" : undefined} label={t("conversation.recordVoice")} onClick={(e) => (e as Partial<PointerEvent>).pointerType !== "touch" && startRecord("voice")} />
    </span>
  );
  const sendKey = <IconButton icon={editing ? "check" : "send"} class="send" label={t(editing ? "ui.save" : "conversation.send")} keys={enterSends.value ? "Enter" : "Shift Enter"} disabled={!canSend || tooLong.value} onClick={send} />;
  const attach = <IconButton icon="add" label={t("conversation.attach")} aria-haspopup="menu" onClick={(e) => attachMenu(e.currentTarget)} />;
  const emojiKey = <IconButton icon="smile" label={t("conversation.emoji")} on={emoji.value || undefined} onClick={() => (emoji.value = !emoji.value)} />;
  const field = (
    <div
      key="field"
      ref={el}
      class={cx("tx", empty.value && "is-empty")}
      contentEditable
      role="textbox"
      aria-multiline="true"
      aria-label={placeholder(pane)}
      aria-placeholder={placeholder(pane)}
      data-ph={phone ? t("conversation.message") : placeholder(pane)}
      aria-autocomplete={people.value.length > 0 ? "list" : undefined}
      aria-controls={people.value.length > 0 ? "mention-list" : undefined}
      aria-activedescendant={people.value.length > 0 ? `mention-list-${at.value}` : undefined}
      dir="auto"
      spellcheck
      enterkeyhint={enterSends.value && phone ? "send" : "enter"}
      onInput={onInput}
      onBlur={() => (people.value = [])}
      onPaste={(e) => onPaste(e, el.current, add)}
      onKeyDown={(e) => editorKeys(e, { el: el.current, pane, people, at, empty, pick: pickMember, send, onFormat, link: askLink, touch: phone && matchMedia("(pointer: coarse)").matches })}
    />
  );
  return (
    <div class="compose" data-scope="composer">
      {people.value.length > 0 && <Mentions id="mention-list" people={people.value} at={at.value} onPick={pickMember} />}
      {emoji.value && (
        <div class="emoji-pop" role="dialog" aria-label={t("conversation.emoji")} onKeyDown={(e) => e.key === "Escape" && (e.preventDefault(), e.stopPropagation(), (emoji.value = false), el.current?.focus())}>
          <EmojiPicker onPick={(x) => el.current && (insertText(el.current, x), phone && (emoji.value = false))} />
        </div>
      )}
      {record.value === "voice" && <VoiceBar hold={hold.current} onDone={recorded} />}
      <div class={cx("field-card", phone && "narrow", phone && !canSend && "one", record.value === "voice" && "off", chat?.volatile && "volatile", tooLong.value && "bad")}>
        <Strip />
        {files.value.length > 0 && <Tray files={files.value} onRemove={(key) => (files.value = files.value.filter((f) => f.key !== key))} />}
        <div class="line">
          {phone && attach}
          {field}
          {phone && emojiKey}
          {phone && (canSend ? sendKey : mic)}
        </div>
        {!phone && (
          <div class="tb">
            {attach}
            <span class="sep" />
            <Formats formats={formats.value} onFormat={onFormat} onLink={askLink} />
            <span class="grow" />
            {bytes.value > maxText * 0.8 && <Length bytes={bytes.value} />}
            {pane.isGroup.value && <IconButton icon="at" label={t("conversation.mention")} keys="@" onClick={() => el.current && insertText(el.current, "@")} />}
            {emojiKey}
            {mic}
            {sendKey}
          </div>
        )}
        {phone && bytes.value > maxText * 0.8 && <Length bytes={bytes.value} />}
      </div>
      <input
        ref={picker}
        class="vh"
        type="file"
        multiple
        tabIndex={-1}
        aria-hidden="true"
        onChange={(e) => {
          add([...(e.currentTarget.files ?? [])]);
          e.currentTarget.value = "";
        }}
      />
      {link.value && <LinkDialog onDone={linked} />}
      {record.value === "video" && (
        <VideoDialog onDone={recorded} />
      )}
    </div>
  );
}

function select(range: Range): void {
  const s = getSelection();
  s?.removeAllRanges();
  s?.addRange(range);
}
