import { createElement as h, memo, useDeferredValue, useMemo } from "react";
import { explain, liveText } from "../../sessions/reflex/components/assets/i18n.js";
import {
  asCurl,
  asTest,
  asText,
  causeText,
  difference,
  localTime,
  iso,
  notes,
  pick,
  say,
  shortTime,
  usePicked,
  viewAt,
} from "./data.js";
import { badge, button, Changes, CODE, Copy } from "./parts.js";
import { actorName, Chart, isOwn, lanesOf, origin, stepName } from "./timeline_chart.js";

const T = say("timeline");

/** Everything that happened, the oldest first: the changes of records, and what this tab noted. */
const useSteps = ({ changes, sessions, tab }) => {
  const noted = notes.use();
  return useMemo(() => {
    const own = sessions.find(({ current }) => current);
    const here = own && { session: own.id, browser: own.browser, system: own.system, ip: own.ip, tab };
    const mine = noted.map((each) => (each.own ? { ...each, ...here } : each));
    return [...changes, ...mine].sort((a, b) => a.at - b.at);
  }, [changes, sessions, noted, tab]);
};

const Choice = ({ name, value, own, choose }) =>
  h(
    "label",
    { className: "grow" },
    h("span", null, T(name)),
    h(
      "select",
      { value, onChange: ({ target }) => choose(target.value), ...CODE },
      own.map((step) => h("option", { key: step.key, value: step.key }, stepName(step))),
    ),
  );

/** The view as it was, with what the step had changed. */
const Travel = ({ session, own, end, model }) => {
  const step = own[end];
  const then = viewAt(session, own, step);
  const changed = new Set(step.changes.map(({ field }) => field));
  const data = Object.fromEntries(
    step.changes.filter(({ field }) => field in then.user).map(({ field, new: value }) => [field, value]),
  );
  const isUpdate = step.cause === "client" || step.cause === "server";
  return h(
    "div",
    { className: "travel" },
    h(
      "label",
      { className: "slider" },
      h("span", null, T("travel", { rev: step.rev })),
      h("input", {
        type: "range",
        min: 0,
        max: own.length - 1,
        value: end,
        "aria-valuetext": stepName(step),
        onChange: ({ target }) => pick(own[Number(target.value)].key),
      }),
    ),
    h(
      "dl",
      { className: "then", "data-testid": "view-then", ...CODE },
      Object.entries({ ...then.user, rev: then.rev, expires: then.expires }).map(([field, value]) =>
        h(
          "div",
          { key: field, className: changed.has(field) ? "changed" : undefined },
          h("dt", null, field),
          h("dd", null, asText(value)),
        ),
      ),
    ),
    h(
      "div",
      { className: "row" },
      h("span", { className: "caption" }, liveText(say("devtools")("copy"))),
      h(Copy, { label: "curl", text: () => asCurl(isUpdate ? data : null) }),
      h(Copy, { label: "JSON", text: () => JSON.stringify(then, null, 2) }),
      h(Copy, {
        label: say("devtools")("test"),
        text: () => asTest(isUpdate ? viewAt(session, own, own[end - 1] ?? step).user : then.user, model, isUpdate ? data : null),
      }),
    ),
  );
};

const Comparison = ({ own, choice, session, model }) => {
  const place = (key) => own.findIndex((step) => step.key === key);
  const end = place(choice.to);
  const start = choice.from ? place(choice.from) : Math.max(0, end - 1);
  if (end < 0) return h("p", { className: "caption" }, liveText(T("pick")));
  const [first, last] = start <= end ? [start, end] : [end, start];
  const steps = start === end && !choice.from ? own.slice(0, 1) : own.slice(first + 1, last + 1);
  const rows = difference(steps);
  return h(
    "div",
    null,
    h(
      "div",
      { className: "row" },
      h(Choice, { name: "from", value: own[start]?.key, own, choose: (key) => pick(choice.to, key) }),
      h(Choice, { name: "to", value: choice.to, own, choose: (key) => pick(key, own[start]?.key) }),
    ),
    rows.length ? h(Changes, { rows }) : h("p", { className: "caption" }, liveText(T("same"))),
    session.user && h(Travel, { session, own, end, model }),
  );
};

const Entry = memo(
  ({ step, tab, isPicked }) => h(
    "li",
    { className: isPicked ? "picked" : undefined, "data-rev": step.rev },
    h(
      "p",
      { className: "row" },
      step.current && step.rev
        ? button(T("rev", { rev: step.rev }), () => pick(step.key), { className: "quiet", "aria-pressed": isPicked })
        : badge(step.rev ? T("elsewhere", { rev: step.rev }) : T("event"), step.cause),
      h("strong", null, liveText(causeText(step.cause))),
      step.actor && badge(actorName(step), "late"),
      h("time", { dateTime: iso(step.at), title: localTime(step.at), ...CODE }, shortTime(step.at)),
    ),
    h("p", { className: "caption" }, liveText(origin(step, tab))),
    step.why && h("p", { className: "alarm" }, liveText(explain(step.why))),
    h(Changes, { rows: step.changes }),
  ),
  (a, b) => a.step.key === b.step.key && a.tab === b.tab && a.isPicked === b.isPicked,
);

const MAX_LISTED = 100;

const List = memo(({ steps, tab, picked }) =>
  h(
    "ol",
    { className: "timeline-list", role: "list", tabIndex: 0, "aria-label": T("caption") },
    steps
      .slice(-MAX_LISTED)
      .reverse()
      .map((step) => h(Entry, { key: step.key, step, tab, isPicked: step.key === picked })),
  ),
);

export const TimelineTab = (props) => {
  const { session, sessions, tab, model } = props;
  const steps = useDeferredValue(useSteps(props));
  const choice = usePicked();
  const own = useMemo(() => steps.filter(isOwn), [steps]);
  const lanes = useMemo(() => lanesOf(steps), [steps]);
  if (!sessions.length) {
    return h("p", { className: "empty", "data-testid": "timeline" }, liveText(say("devtools")(session.user ? "loading" : session.status)));
  }
  return h(
    "div",
    { className: "part timeline", "data-testid": "timeline" },
    h(Chart, { steps, lanes, tab, choice }),
    h(
      "div",
      { className: "halves" },
      h(
        "div",
        { role: "status", className: "comparison", "data-testid": "difference" },
        h(Comparison, { own, choice, session, model }),
      ),
      h(List, { steps, tab, picked: choice.to }),
    ),
  );
};
