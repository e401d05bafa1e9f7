import { createElement, useSyncExternalStore } from "react";
import built from "$/utils/locales";

const onServer = typeof document === "undefined";
const COOKIE = "language";
const YEAR = 31536000;

const fill = (text, values) =>
  text.replace(/\{(\w+)\}/g, (placeholder, name) => String(values[name] ?? placeholder));

/** The texts that the server put into this document. */
const inDocument = () => {
  const element = document.getElementById("locale-data");
  return element && JSON.parse(element.textContent);
};

const MARKER = /\{\{t\.([\w.]+)(?:\?([^}]*))?\}\}/g;

/** Elements that Emotion moves, or whose content depends on whether scripts run. */
const CHANGED = ["STYLE", "NOSCRIPT"];

/** Puts texts into a document that was built in the default language, before React reads it. */
const localize = (template, texts) => {
  const filled = (text) =>
    text.replace(MARKER, (_, key, values = "{}") =>
      fill(texts[key] ?? key, JSON.parse(decodeURIComponent(values))),
    );
  const nodes = NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT;
  const [built, shown] = [template.content, document.body].map((root) =>
    document.createTreeWalker(root, nodes, ({ nodeName }) =>
      CHANGED.includes(nodeName) ? NodeFilter.FILTER_REJECT : NodeFilter.FILTER_ACCEPT,
    ),
  );
  while (built.nextNode() && shown.nextNode()) {
    const [from, to] = [built.currentNode, shown.currentNode];
    if (from.nodeName !== to.nodeName) return;
    if (from.data?.match(MARKER)) to.data = filled(from.data);
    for (const { name, value } of from.attributes ?? []) {
      if (value.match(MARKER)) to.setAttribute(name, filled(value));
    }
  }
};

/** React sets the language that the page was built in. */
const keepLanguage = (root, language) => {
  const set = () => root.lang === language || (root.lang = language);
  set();
  new MutationObserver(set).observe(root, { attributes: true, attributeFilter: ["lang"] });
};

/** Where another server serves the documents, the build brings all languages. */
const inBuild = () => {
  const chosen = document.cookie.match(/(?:^|; )language=(\w+)/)?.[1];
  const wanted = [chosen, ...navigator.languages.map((tag) => tag.split("-")[0])];
  const language = wanted.find((name) => built[name]) ?? "en";
  const template = document.getElementById("locale-template");
  template?.remove();
  if (template && language !== document.documentElement.lang) localize(template, built[language]);
  keepLanguage(document.documentElement, language);
  return { language, texts: built[language] };
};

const { language, texts } = onServer
  ? { language: "en", texts: {} }
  : (inDocument() ?? (built ? inBuild() : { language: "en", texts: {} }));

/** A text: put in by the server on each request, and the same in the browser. */
export const t = (key, values) => {
  if (!onServer) return fill(texts[key] ?? key, values ?? {});
  return values ? `{{t.${key}?${encodeURIComponent(JSON.stringify(values))}}}` : `{{t.${key}}}`;
};

/** What an error says: in the visitor's language if the catalogs know it, or the app's text, else its own words. */
export const explain = (error) => {
  if (!error?.code) return error?.message ?? "";
  const exact = texts[`error.${error.code}.${error.reason}`];
  if (!exact && error.values?.text) return error.values.text;
  const said = exact ?? texts[`error.${error.code}`];
  const field = texts[`field.${error.field}`] ?? error.field;
  return said ? fill(said, { ...error.values, field }) : error.message;
};

const LiveText = ({ text }) =>
  text == null || text === "" ? null : createElement("span", { key: text }, text);

/** A text in an element that React replaces whole: a translator may have replaced its text node. */
export const liveText = (text) => createElement(LiveText, { text });

export const currentLanguage = () => language;

/** An hour of the day, as the visitor's language writes it. */
export const clockTime = (moment) =>
  new Intl.DateTimeFormat(language, { timeStyle: "short" }).format(new Date(moment));

const never = () => () => {};

/** The language, for what isn't a text: no request puts it into the page. */
export const useLanguage = () => useSyncExternalStore(never, currentLanguage, () => "");

/** Reads on in another language. */
export const setLanguage = (name) => {
  document.cookie = `${COOKIE}=${name}; Path=/; Max-Age=${YEAR}; SameSite=Lax`;
  window.location.reload();
};

/** A text whose key is only known in the browser. */
export const tDynamic = (area, name, otherwise) =>
  texts[`${area}.${name}`] ?? (otherwise ? t(`${area}.${otherwise}`) : name);
