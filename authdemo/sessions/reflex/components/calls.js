import { useEffect } from "react";
import { refs } from "$/utils/state";

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
  [
    /^\(document\.getElementById\(("(?:[^"\\]|\\.)*")\)\)\?\.\["scrollIntoView"\]$/,
    (id) => (top) => document.getElementById(JSON.parse(id))?.scrollIntoView(top),
  ],
];

const ARROW = /^\(\(\) => (?:\((.*)\)|(.*))\)$/s;

const CALL =
  /^((?:\(document\.getElementById\("(?:[^"\\]|\\.)*"\)\)|\w+)(?:\?\.\["\w+"\]|\['\w+'\]|\.\w+)*)\((.*)\)$/s;

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

const evaluate = globalThis.eval;

const FORBIDDEN =
  "The Content-Security-Policy forbids what an event handler returned. " +
  "SessionsPlugin(..., allow_eval=True) allows it.";

/** Stand in for `eval` on the pages of which the policy forbids it. */
const stand = (text) => {
  const call = find(text);
  if (call) return call;
  try {
    return evaluate(text);
  } catch (error) {
    throw error instanceof EvalError ? new EvalError(FORBIDDEN) : error;
  }
};

/** Run the known calls; only where this package's server forbids `eval` is there no better way. */
export const useCalls = () => {
  useEffect(() => {
    if (document.getElementById("session-data")) globalThis.eval = stand;
  }, []);
};
