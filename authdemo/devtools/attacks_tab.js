import { createElement as h, memo, useCallback, useRef, useState } from "react";
import { explain, liveText } from "../../sessions/reflex/components/assets/i18n.js";
import { say } from "./data.js";
import { badge, button, code, CODE } from "./parts.js";

const T = say("attacks");

const Altered = ({ altered }) =>
  h(
    "ul",
    { className: "changes", role: "list" },
    altered.map(({ name, before, after }) =>
      h("li", { key: name, ...CODE }, h("code", null, name), " ", h("del", null, before), " ", h("ins", null, after)),
    ),
  );

const PAGES = [
  [/^CVE-/, (name) => `https://www.cve.org/CVERecord?id=${name}`],
  [/^CWE-(\d+)$/, (_, number) => `https://cwe.mitre.org/data/definitions/${number}.html`],
  [/^RFC (\d+) §(.*)$/, (_, number, section) => `https://www.rfc-editor.org/rfc/rfc${number}#section-${section}`],
];

/** What an attack stands for, with its page. */
const Standard = ({ name }) => {
  const [pattern, addressOf] = PAGES.find(([pattern]) => pattern.test(name));
  const href = addressOf(...name.match(pattern));
  return h("a", { href, target: "_blank", rel: "noreferrer", ...CODE }, name);
};

/** Why a request was rejected: what is wrong with its token, or the error of the answer. */
const why = (error) =>
  error.code === "InvalidToken" ? T(`token.${error.reason}`) : explain(error);

const Outcome = ({ name, outcome }) =>
  h(
    "div",
    { className: "attacks-outcome" },
    h("p", null, liveText(T(`${name}.what`))),
    h("p", null, code(outcome.request)),
    h(Altered, { altered: outcome.altered }),
    h("p", null, liveText(T("answer", { status: outcome.status })), " ", code(outcome.body)),
    why(outcome.reason) &&
      h("p", { className: "attacks-reason" }, liveText(why(outcome.reason))),
    h("p", { className: "caption" }, liveText(T(`${name}.rule`))),
  );

/** Controls stand for nothing, and have to be accepted. */
const isControl = ({ stands }) => !stands;

const verdict = ({ passed }, attack) =>
  isControl(attack) ? (passed ? "accepted" : "rejected") : passed ? "passed" : "failed";

const Verdict = ({ attack, outcome, isRunning, ...props }) => {
  if (!outcome) {
    return h("span", { className: "empty" }, isRunning ? badge(T("pending")) : "–");
  }
  return h(
    "button",
    { type: "button", className: "quiet verdict", ...props },
    badge(T(verdict(outcome, attack)), outcome.passed ? "passed" : "failed"),
    code(outcome.status),
  );
};

const Row = memo(({ attack, outcome, isRunning, run }) => {
  const [isShown, show] = useState(false);
  const { name, stands } = attack;
  const id = `attack-${name}`;
  return [
    h(
      "tr",
      { key: name, "data-attack": name },
      h(
        "th",
        { scope: "row", title: T(`${name}.what`) },
        h("span", { id }, liveText(T(`${name}.title`))),
        stands && h("span", { className: "caption" }, h(Standard, { name: stands })),
      ),
      h(
        "td",
        null,
        h(Verdict, {
          attack,
          outcome,
          isRunning,
          "aria-expanded": isShown,
          "aria-describedby": id,
          onClick: () => show(!isShown),
        }),
      ),
      h(
        "td",
        { className: "caption", title: T(`${name}.rule`) },
        h("span", { className: "rule" }, liveText(T(`${name}.rule`))),
      ),
      h(
        "td",
        null,
        button(T("try"), () => run(name), {
          className: "quiet",
          "aria-describedby": id,
          "aria-busy": isRunning,
        }),
      ),
    ),
    outcome &&
      isShown &&
      h("tr", { key: "outcome" }, h("td", { colSpan: 4 }, h(Outcome, { name, outcome }))),
  ];
});

const Group = ({ name, attacks, outcomes, running, run }) =>
  h(
    "tbody",
    null,
    h("tr", { className: "group" }, h("th", { scope: "rowgroup", colSpan: 4 }, liveText(T(name)))),
    attacks.map((attack) =>
      h(Row, {
        key: attack.name,
        attack,
        outcome: outcomes[attack.name],
        isRunning: attack.name === running,
        run,
      }),
    ),
  );

/** How many of these were run, and how many of those passed. */
const countOf = (attacks, outcomes) => {
  const found = attacks.map(({ name }) => outcomes[name]).filter(Boolean);
  return { tried: found.length, passed: found.filter(({ passed }) => passed).length };
};

export const AttacksTab = ({ attacks, outcomes, pending, attackError, onAttack, onAttackAll }) => {
  const latest = useRef(onAttack);
  latest.current = onAttack;
  const run = useCallback((name) => latest.current(name), []);
  const controls = attacks.filter(isControl);
  const altered = attacks.filter((attack) => !isControl(attack));
  const [stopped, accepted] = [countOf(altered, outcomes), countOf(controls, outcomes)];
  const isPending = pending.length > 0;
  const summary = stopped.tried ? T("summary", stopped) : "";
  const rows = { outcomes, running: pending[0], run };
  return h(
    "div",
    { className: "part", "data-testid": "attacks" },
    h(
      "div",
      { className: "row" },
      button(T("try_all"), onAttackAll, { className: "main", "aria-busy": isPending }),
      pending.length > 1 &&
        h("progress", {
          value: attacks.length - pending.length,
          max: attacks.length,
          "aria-label": T("progress"),
        }),
      h(
        "strong",
        { role: "status", className: stopped.passed < stopped.tried ? "alarm" : "good" },
        liveText(isPending ? T("pending") : summary),
      ),
      !isPending &&
        accepted.tried > 0 &&
        h(
          "span",
          { className: accepted.passed < accepted.tried ? "alarm" : "caption" },
          liveText(T("controls_summary", accepted)),
        ),
    ),
    h("p", { className: "caption" }, liveText(T("lead"))),
    h("p", { role: "alert", className: "alarm" }, liveText(explain(attackError))),
    h(
      "div",
      { className: "scroll", role: "group", tabIndex: 0, "aria-label": T("title") },
      h(
        "table",
        { className: "attacks" },
        h(
          "thead",
          null,
          h(
            "tr",
            null,
            ["attack", "response", "rule"].map((name) =>
              h("th", { key: name, scope: "col" }, liveText(T(name))),
            ),
            h("th", { scope: "col" }, h("span", { className: "hidden" }, liveText(T("try")))),
          ),
        ),
        h(Group, { name: "altered", attacks: altered, ...rows }),
        h(Group, { name: "controls", attacks: controls, ...rows }),
      ),
    ),
  );
};
