import { useEffect } from "react";

const ADVICE = {
  eval: () => "SessionsPlugin(..., allow_eval=True)",
  inline: () => "a file of its own in the app's assets, for this inline code",
};

const EXTENSION = /^[\w-]*extension\b/;

/** The name by which the server knows a report of a violation. */
export const VIOLATION = "ContentPolicy";
export const EVAL = "script-src eval";

/** The violations that were reported. */
export const seen = new Set();

/** The directive and the source that would allow what a browser has blocked. */
const settingOf = ({ effectiveDirective, blockedURI }) => {
  const directive = effectiveDirective.replace(/-(elem|attr)$/, "");
  if (blockedURI === "wasm-eval") return [directive, "'wasm-unsafe-eval'"];
  if (blockedURI in ADVICE) return [directive, blockedURI];
  if (!blockedURI.includes(":")) return [directive, `${blockedURI}:`];
  const { origin, protocol } = new URL(blockedURI);
  return [directive, origin === "null" ? protocol : origin];
};

/** Writes a violation to the console, and reports it to the server as Reflex reports errors. */
const report = (event) => {
  if (EXTENSION.test(event.sourceFile) || EXTENSION.test(event.blockedURI)) return;
  const [directive, source] = settingOf(event);
  const name = `${directive} ${source}`;
  if (seen.has(name)) return;
  seen.add(name);
  const setting = `SessionsPlugin(..., csp={"${directive}": ["${source}"]})`;
  const does = event.disposition === "report" ? "would forbid this in production" : "forbids this";
  console.warn(
    `The Content-Security-Policy ${does}: ${name}. ` +
      `If the app needs it, allow it by ${ADVICE[source]?.() ?? setting}.`,
  );
  window.onerror?.("", "", 0, 0, { name: VIOLATION, message: name, stack: "" });
};

/** Reports what the policy forbids; what it forbade before is in `window.violations`. */
export const useViolations = () => {
  useEffect(() => {
    const early = window.violations ?? [];
    window.violations = { push: report };
    // Reflex's own effects, which come after this one, set `onerror`.
    setTimeout(() => early.splice(0).forEach(report));
  }, []);
};
