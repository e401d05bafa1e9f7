import { useEffect } from "react";
import { refs } from "$/utils/state";
import { EVAL, VIOLATION, seen } from "./violations.js";

/**
 * Runs what an event handler returns as `rx.toast(...)` and the like without `eval`.
 *
 * Reflex sends a call as text and evaluates it, which the Content-Security-Policy forbids. Reflex's
 * own helpers write one call with constant arguments, and those that are known here are found.
 */
const toast = (level) => {
  const show = refs["__toast"];
  return level ? (...values) => show[level](...values) : show;
};

const CALLS = [
  [/^refs\['__toast'\](?:\?\.\["(\w+)"\]|\.(dismiss))?$/, toast],
  [/^console\?\.\["log"\]$/, () => console.log],
  [/^window\?\.\["alert"\]$/, () => (text) => window.alert(text)],
  [/^window\?\.\["history"\]\?\.\["back"\]$/, () => () => window.history.back()],
  [
    /^navigator\?\.\["clipboard"\]\?\.\["writeText"\]$/,
    () => (text) => navigator.clipboard.writeText(text),
  ],
  [/^refs\["(__clear_selected_files)"\]$/, (name) => (id) => refs[name]?.(id)],
  [/^refs\["(__upload_controllers_[^"\\]+)"\]\?\.abort$/, (name) => () => refs[name]?.abort()],
  [
    /^\(document\.getElementById\(("(?:[^"\\]|\\.)*")\)\)\?\.\["scrollIntoView"\]$/,
    (id) => (top) => document.getElementById(JSON.parse(id))?.scrollIntoView(top),
  ],
];

const ARROW = /^\(\(\) => (?:\((.*)\)|(.*))\)$/s;

const CALL =
  /^((?:\(document\.getElementById\("(?:[^"\\]|\\.)*"\)\)|\w+)(?:\?\.\["\w+"\]|\['\w+'\]|\["[^"\\]+"\]|\??\.\w+)*)\((.*)\)$/s;

/** A toast that is an alert where there is no toaster. */
const EITHER =
  /^isTrue\(refs\['__toast'\]\) \? \((.*)\) : \(window\.alert\(("(?:[^"\\]|\\.)*")\.replaceAll\("<br\/>", "\\n"\)\)\)$/s;

/** A piece of a constant as Reflex writes it: `({ ["key"] : "value" })`. */
const PIECE =
  /\s*(?:\[("(?:[^"\\]|\\.)*")\]\s*:|("(?:[^"\\]|\\.)*")|'([^'"\\]*)'|(-?\d[\w.+-]*|true|false|null)|\((\{)|(\})\)|([[\],]))\s*/gy;

/** Read the arguments, if they are constants. */
const read = (text) => {
  let json = "";
  let end = 0;
  for (const [piece, key, string, quoted, ...others] of text.matchAll(PIECE)) {
    end += piece.length;
    if (key) json += `${key}:`;
    else if (quoted !== undefined) json += `"${quoted}"`;
    else json += string ?? others.join("");
  }
  if (end < text.length) throw new SyntaxError(text);
  return JSON.parse(`[${json}]`);
};

/** Find the call that a text means; undefined if it is not one of those that are known. */
const find = (text) => {
  const [, inner, bare] = ARROW.exec(text) ?? [];
  if (bare === "null") return () => null;
  const [, shown, alerted] = EITHER.exec(inner ?? "") ?? [];
  if (shown && refs["__toast"]) return find(`(() => (${shown}))`);
  if (alerted) return () => window.alert(JSON.parse(alerted).replaceAll("<br/>", "\n"));
  const [, name, values] = CALL.exec(inner ?? bare ?? "") ?? [];
  for (const [pattern, make] of name ? CALLS : []) {
    const found = pattern.exec(name);
    if (!found) continue;
    try {
      const constants = read(values);
      return () => make(found[1] ?? found[2])(...constants);
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
  }
};

/** How Reflex reloads a page after some errors, unless it has just done so. */
const RELOAD =
  /^const last_reload = parseInt\(window\.sessionStorage\.getItem\('(\w+)'\)\) \|\| 0;if \(Date\.now\(\) - last_reload > (\d+)\)/;

const reload = ([, key, cooldown]) => {
  if (Date.now() - Number(sessionStorage.getItem(key)) <= cooldown) return;
  sessionStorage.setItem(key, Date.now());
  window.location.reload();
};

/** An address as `rx.get_upload_url` makes it: `("http://localhost/_upload"+"/picture.png")`. */
const SUM = /^\(?"(?:[^"\\]|\\.)*"(?:\s*\+\s*"(?:[^"\\]|\\.)*")*\)?$/;
const STRING = /"(?:[^"\\]|\\.)*"/g;

const evaluate = globalThis.eval;

const FORBIDDEN =
  "The Content-Security-Policy forbids JavaScript that is sent as text, such as rx.call_script. " +
  "SessionsPlugin(..., allow_eval=True) allows it.";

/** Whether the policy is enforced: in development it only reports. */
let isEnforced = true;

/** Stand in for `eval` on the pages of which the policy forbids it. */
const stand = (text) => {
  const call = find(text);
  if (call) return call;
  const known = RELOAD.exec(text);
  if (known) return reload(known);
  if (SUM.test(text)) return text.match(STRING).map(JSON.parse).join("");
  if (!isEnforced && ARROW.test(text)) return Function("refs", `return ${text}`)(refs);
  try {
    return evaluate(text);
  } catch (error) {
    if (!(error instanceof EvalError)) throw error;
    seen.add(EVAL);
    console.warn(FORBIDDEN);
    // Reflex reports the name and the message to the server.
    throw Object.assign(new EvalError(EVAL), { name: VIOLATION, stack: "" });
  }
};

/** Run the known calls where this package's server forbids `eval`, or would in production. */
export const useCalls = () => {
  useEffect(() => {
    isEnforced = Boolean(document.getElementById("session-data"));
    if (isEnforced || import.meta.env.DEV) globalThis.eval = stand;
  }, []);
};
