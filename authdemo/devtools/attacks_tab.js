import { createElement as h, useState } from "react";
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

/** Why a request was rejected: what is wrong with its token, or the error of the answer. */
const why = (error) =>
  error.code === "InvalidToken" ? T(`token.${error.reason}`) : explain(error);

const Outcome = ({ outcome }) =>
  h(
    "div",
    { className: "attacks-outcome" },
    h("p", null, code(outcome.request)),
    h(Altered, { altered: outcome.altered }),
    h("p", null, liveText(T("answer", { status: outcome.status })), " ", code(outcome.body)),
    why(outcome.reason) &&
      h("p", { className: "attacks-reason" }, liveText(why(outcome.reason))),
  );

/** The first requests are good, and have to be accepted. */
const verdict = ({ passed }, stands) => (!passed ? "failed" : stands ? "passed" : "accepted");

const Row = ({ name, stands, outcome, run, isPending }) => {
  const [isShown, show] = useState(false);
  const id = `attack-${name}`;
  return [
    h(
      "tr",
      { key: name, "data-attack": name },
      h(
        "th",
        { scope: "row", title: T(`${name}.what`) },
        h("span", { id }, liveText(T(`${name}.title`))),
        h("span", { className: "caption" }, stands ? code(stands) : liveText(T("control"))),
      ),
      h(
        "td",
        null,
        outcome
          ? h(
              "button",
              {
                type: "button",
                className: "quiet verdict",
                "aria-expanded": isShown,
                "aria-describedby": id,
                onClick: () => show(!isShown),
              },
              badge(T(verdict(outcome, stands)), outcome.passed ? "passed" : "failed"),
              code(outcome.status),
            )
          : h("span", { className: "empty" }, "–"),
      ),
      h("td", { className: "caption" }, liveText(T(`${name}.rule`))),
      h(
        "td",
        null,
        button(T("try"), () => run(name), {
          className: "quiet",
          "aria-describedby": id,
          "aria-busy": isPending,
        }),
      ),
    ),
    outcome &&
      isShown &&
      h("tr", { key: "outcome" }, h("td", { colSpan: 4 }, h(Outcome, { outcome }))),
  ];
};

export const AttacksTab = ({ attacks, outcomes, isPending, tried, passed, attackError, onAttack, onAttackAll }) => {
  const summary = tried > 0 ? T("summary", { passed, tried }) : "";
  return h(
    "div",
    { className: "part", "data-testid": "attacks" },
    h(
      "div",
      { className: "row" },
      button(T("try_all"), onAttackAll, { className: "main", "aria-busy": isPending }),
      isPending &&
        h("progress", { value: tried, max: attacks.length, "aria-label": T("progress") }),
      h("strong", { role: "status" }, liveText(isPending ? T("pending", { tried }) : summary)),
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
        h(
          "tbody",
          null,
          attacks.map(({ name, stands }) =>
            h(Row, { key: name, name, stands, outcome: outcomes[name], run: onAttack, isPending }),
          ),
        ),
      ),
    ),
  );
};
