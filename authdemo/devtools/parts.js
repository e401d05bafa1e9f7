import { createElement as h, useEffect, useRef, useState } from "react";
import { liveText } from "../../sessions/reflex/components/assets/i18n.js";
import { openDialog, closeDialog } from "../../sessions/reflex/components/assets/dialog.js";
import { relative } from "../../sessions/reflex/components/assets/time.js";
import { asText, iso, localTime, say, useNow } from "./data.js";

const T = say("devtools");

/** What no browser may translate: names, ids, code. */
export const CODE = { translate: "no" };

export const code = (value, props) => h("code", { ...CODE, ...props }, asText(value));

export const button = (label, onClick, props) =>
  h("button", { type: "button", onClick, ...props }, liveText(label));

export const badge = (text, kind = "") => h("span", { className: `badge ${kind}` }, liveText(text));

/** A moment as people say it; the exact time is in its title, and beside it if it is `exact`. */
export const Time = ({ at, exact }) => {
  const now = useNow();
  if (!now || !at) return null;
  const text = relative(Math.round(at - now));
  return h(
    "time",
    { dateTime: iso(at), title: localTime(at) },
    liveText(exact ? `${text} · ${localTime(at)}` : text),
  );
};

/** A button that asks before it acts, in the browser's own dialog. */
export const ConfirmButton = ({ label, question, act, ...props }) =>
  h(
    "span",
    { className: "confirm" },
    button(label, openDialog, { "aria-haspopup": "dialog", ...props }),
    h(
      "dialog",
      { "aria-label": question, onClick: closeDialog },
      h("p", null, liveText(question)),
      h(
        "div",
        { className: "row end" },
        button(say("dialog")("cancel"), undefined, { autoFocus: true }),
        button(label, act, { className: "main" }),
      ),
    ),
  );

const COPIED_MS = 2000;

export const Copy = ({ label, text }) => {
  const [isCopied, setCopied] = useState(false);
  const timer = useRef();
  useEffect(() => () => clearTimeout(timer.current), []);
  const copy = async () => {
    await navigator.clipboard.writeText(text());
    setCopied(true);
    clearTimeout(timer.current);
    timer.current = setTimeout(() => setCopied(false), COPIED_MS);
  };
  return button(isCopied ? T("copied") : label, copy, { className: "quiet", "aria-live": "polite" });
};

/** Fields with their old and new values. */
export const Changes = ({ rows }) =>
  h(
    "ul",
    { className: "changes", role: "list" },
    rows.map(({ field, old, new: next }) =>
      h(
        "li",
        { key: field, ...CODE },
        h("code", null, field),
        " ",
        h("del", null, asText(old)),
        " ",
        h("ins", null, asText(next)),
      ),
    ),
  );

/** The size of an element, as it changes. */
export const useWidth = (ref) => {
  const [width, setWidth] = useState(0);
  useEffect(() => {
    const observer = new ResizeObserver(([{ contentRect }]) => setWidth(contentRect.width));
    observer.observe(ref.current);
    return () => observer.disconnect();
  }, []);
  return width;
};

export const clientName = ({ browser, system }) =>
  [browser, system].filter(Boolean).join(" · ") || say("devices")("unknown");
