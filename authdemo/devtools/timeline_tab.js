import { createElement as h, memo, useDeferredValue, useEffect, useMemo, useRef, useState } from "react";
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
import { badge, button, Changes, clientName, CODE, Copy, useWidth } from "./parts.js";

const T = say("timeline");

const LANE = 22;
const EDGE = 10;
const AXIS = 18;
const OVERVIEW = 18;
const MIN_SPAN = 0.05;
const ZOOM = 1.6;
const MIN_BRUSH = 6;

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

/** A lane for each tab of each session, and one for what came from none. */
const lanesOf = (steps) => {
  const lanes = new Map();
  for (const step of steps) {
    const key = `${step.session} ${step.tab}`;
    if (!lanes.has(key)) lanes.set(key, { key, step, steps: [] });
    lanes.get(key).steps.push(step);
  }
  const order = ({ step }) => [step.current ? 0 : 1, step.session, step.tab].join(" ");
  return [...lanes.values()].sort((a, b) => order(a).localeCompare(order(b)));
};

const laneName = ({ step }, tab) => {
  const name = step.tab ? T(step.tab === tab ? "this_tab" : "tab", { tab: step.tab }) : T("no_tab");
  return `${clientName(step)} · ${name}`;
};

const stepName = (step) =>
  [step.rev && T("rev", { rev: step.rev }), causeText(step.cause), shortTime(step.at)]
    .filter(Boolean)
    .join(" · ");

const span = (steps) => {
  const [from, to] = [steps[0]?.at ?? 0, steps.at(-1)?.at ?? 1];
  const margin = Math.max((to - from) * 0.04, 0.5);
  return { from: from - margin, to: to + margin };
};

const scaled = ({ from, to }, width) => {
  const inner = Math.max(1, width - 2 * EDGE);
  return {
    x: (at) => EDGE + ((at - from) / (to - from)) * inner,
    at: (x) => from + ((x - EDGE) / inner) * (to - from),
  };
};

const TICK_WIDTH = 90;

const ticksOf = ({ from, to }, width) => {
  const count = Math.max(2, Math.floor(width / TICK_WIDTH));
  return Array.from({ length: count }, (_, index) => from + ((index + 0.5) / count) * (to - from));
};

const Mark = ({ step, x, y, isPicked, isFocused, hover }) =>
  h(
    "g",
    {
      role: "option",
      id: `mark-${step.key}`,
      "aria-selected": isPicked,
      "aria-label": stepName(step),
      className: `mark ${step.cause} ${isPicked ? "picked" : ""} ${isFocused ? "focused" : ""}`,
      onPointerEnter: () => hover(step),
      onPointerLeave: () => hover(null),
      onClick: () => pick(step.key),
    },
    h("circle", { cx: x, cy: y, r: 9, className: "target" }),
    h("circle", { cx: x, cy: y, r: step.rev ? 5 : 3.5 }),
  );

/** Zooms by the wheel: React's own listener can't keep the page from scrolling. */
const useWheel = (ref, turn) => {
  const latest = useRef(turn);
  latest.current = turn;
  useEffect(() => {
    const element = ref.current;
    const listen = (event) => {
      if (!event.ctrlKey && !event.shiftKey && !event.deltaX) return;
      event.preventDefault();
      latest.current(event);
    };
    element.addEventListener("wheel", listen, { passive: false });
    return () => element.removeEventListener("wheel", listen);
  }, []);
};

const clipped = (range, whole) => {
  const size = Math.min(Math.max(range.to - range.from, MIN_SPAN), whole.to - whole.from);
  const from = Math.min(Math.max(range.from, whole.from), whole.to - size);
  return { from, to: from + size };
};

const Chart = ({ steps, lanes, tab, picked }) => {
  const frame = useRef();
  const width = useWidth(frame);
  const whole = span(steps);
  const [zoomed, setZoomed] = useState(null);
  const [hovered, hover] = useState(null);
  const [brush, setBrush] = useState(null);
  const range = zoomed ? clipped(zoomed, whole) : whole;
  const scale = scaled(range, width);
  const all = scaled(whole, width);
  const height = lanes.length * LANE + AXIS;
  const at = steps.findIndex(({ key }) => key === picked);

  const zoom = (factor, center = (range.from + range.to) / 2) => {
    const next = { from: center - (center - range.from) / factor, to: center + (range.to - center) / factor };
    const isWhole = next.to - next.from >= whole.to - whole.from;
    setZoomed(isWhole ? null : clipped(next, whole));
  };
  const pan = (share) => {
    const by = (range.to - range.from) * share;
    if (zoomed) setZoomed(clipped({ from: range.from + by, to: range.to + by }, whole));
  };
  const placeOf = (event) => event.clientX - frame.current.getBoundingClientRect().left;
  useWheel(frame, (event) =>
    event.ctrlKey
      ? zoom(event.deltaY < 0 ? ZOOM : 1 / ZOOM, scale.at(placeOf(event)))
      : pan((event.deltaX || event.deltaY) / width),
  );

  const reach = (step) => {
    if (!step) return;
    pick(step.key);
    if (step.at < range.from || step.at > range.to) {
      const half = (range.to - range.from) / 2;
      setZoomed(clipped({ from: step.at - half, to: step.at + half }, whole));
    }
  };
  const besideLane = (by) => {
    const lane = lanes.findIndex((each) => each.steps.includes(steps[at]));
    const other = lanes[Math.min(Math.max(lane + by, 0), lanes.length - 1)];
    const nearest = (a, b) => (Math.abs(a.at - steps[at]?.at) <= Math.abs(b.at - steps[at]?.at) ? a : b);
    return other?.steps.reduce(nearest);
  };
  const keys = {
    ArrowRight: () => reach(steps[at + 1] ?? steps.at(-1)),
    ArrowLeft: () => reach(steps[at < 0 ? steps.length - 1 : Math.max(0, at - 1)]),
    ArrowDown: () => reach(besideLane(1)),
    ArrowUp: () => reach(besideLane(-1)),
    Home: () => reach(steps[0]),
    End: () => reach(steps.at(-1)),
    "+": () => zoom(ZOOM),
    "=": () => zoom(ZOOM),
    "-": () => zoom(1 / ZOOM),
    0: () => setZoomed(null),
  };
  const press = (event) => {
    const act = event.ctrlKey || event.altKey || event.metaKey ? null : keys[event.key];
    if (!act) return;
    event.preventDefault();
    act();
  };

  const brushed = (name, { at: momentAt }) => ({
    onPointerDown: (event) => {
      if (event.button !== 0 || event.target.closest(".mark")) return;
      event.currentTarget.setPointerCapture(event.pointerId);
      setBrush({ name, from: placeOf(event), to: placeOf(event) });
    },
    onPointerMove: (event) => brush && setBrush({ ...brush, to: placeOf(event) }),
    onPointerUp: () => {
      if (!brush) return;
      const [from, to] = [brush.from, brush.to].sort((a, b) => a - b);
      setBrush(null);
      if (to - from < MIN_BRUSH) return;
      setZoomed(clipped({ from: momentAt(from), to: momentAt(to) }, whole));
    },
    onDoubleClick: () => setZoomed(null),
  });
  const brushBox = (name, size) =>
    brush?.name === name &&
    h("rect", {
      className: "brush",
      x: Math.min(brush.from, brush.to),
      width: Math.abs(brush.to - brush.from),
      height: size,
    });
  const laneOf = new Map(lanes.flatMap(({ steps: own }, index) => own.map((step) => [step.key, index])));
  const isIn = (step) => step.at >= range.from && step.at <= range.to;
  const shown = hovered && isIn(hovered) ? hovered : null;

  return h(
    "div",
    { className: "chart", ...CODE },
    h(
      "div",
      { className: "row tools" },
      button(T("zoom_in"), () => zoom(ZOOM), { className: "quiet" }),
      button(T("zoom_out"), () => zoom(1 / ZOOM), { className: "quiet", disabled: !zoomed }),
      button(T("whole"), () => setZoomed(null), { className: "quiet", disabled: !zoomed }),
      h("span", { className: "caption" }, liveText(T("help"))),
    ),
    h(
      "div",
      { ref: frame, className: "frame" },
      width > 0 && [
        h(
          "svg",
          {
            key: "main",
            width,
            height,
            role: "listbox",
            tabIndex: 0,
            "aria-label": T("title"),
            "aria-activedescendant": at >= 0 && isIn(steps[at]) ? `mark-${steps[at].key}` : undefined,
            onKeyDown: press,
            ...brushed("main", scale),
          },
          lanes.map((lane, index) =>
            h(
              "g",
              { key: lane.key, "aria-hidden": true },
              h("rect", { x: 0, width, y: index * LANE, height: LANE, className: index % 2 ? "lane odd" : "lane" }),
              h("text", { x: 4, y: index * LANE + 9, className: lane.step.current ? "name own" : "name" }, laneName(lane, tab)),
            ),
          ),
          h(
            "g",
            { "aria-hidden": true },
            ticksOf(range, width).map((moment, index) =>
              h("text", { key: index, x: scale.x(moment), y: height - 5, className: "tick" }, shortTime(moment)),
            ),
          ),
          steps
            .filter(isIn)
            .map((step) =>
              h(Mark, {
                key: step.key,
                step,
                x: scale.x(step.at),
                y: laneOf.get(step.key) * LANE + 15,
                isPicked: step.key === picked,
                hover,
              }),
            ),
          brushBox("main", height - AXIS),
        ),
        h(
          "svg",
          { key: "all", width, height: OVERVIEW, className: "overview", "aria-hidden": true, ...brushed("all", all) },
          steps.map((step) =>
            h("line", { key: step.key, x1: all.x(step.at), x2: all.x(step.at), y1: 3, y2: OVERVIEW - 3 }),
          ),
          h("rect", {
            className: "window",
            x: all.x(range.from),
            width: Math.max(2, all.x(range.to) - all.x(range.from)),
            y: 0.5,
            height: OVERVIEW - 1,
          }),
          brushBox("all", OVERVIEW),
        ),
      ],
      shown &&
        h(
          "div",
          {
            className: "tip",
            style: {
              left: Math.min(Math.max(0, scale.x(shown.at) - 80), Math.max(0, width - 200)),
              top: laneOf.get(shown.key) * LANE + 26,
            },
          },
          h("strong", null, stepName(shown)),
          h("br"),
          origin(shown, tab),
          shown.changes.length > 0 && [h("br", { key: "br" }), shown.changes.map(({ field }) => field).join(", ")],
        ),
    ),
  );
};

const origin = ({ tab: name, browser, system, ip }, own) => {
  const client = [browser, system, ip].filter(Boolean).join(" · ");
  if (!name) return client;
  return `${T(name === own ? "this_tab" : "tab", { tab: name })} · ${client}`;
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
      h("time", { dateTime: iso(step.at), title: localTime(step.at), ...CODE }, shortTime(step.at)),
    ),
    h("p", { className: "caption" }, liveText(origin(step, tab))),
    step.why && h("p", { className: "alarm" }, liveText(explain(step.why))),
    h(Changes, { rows: step.changes }),
  ),
  (a, b) => a.step.key === b.step.key && a.tab === b.tab && a.isPicked === b.isPicked,
);

const MAX_LISTED = 100;

export const TimelineTab = (props) => {
  const { session, sessions, tab, model } = props;
  const steps = useDeferredValue(useSteps(props));
  const choice = usePicked();
  const own = useMemo(() => steps.filter((step) => step.current && step.rev), [steps]);
  const lanes = useMemo(() => lanesOf(steps), [steps]);
  if (!sessions.length) {
    return h("p", { className: "empty", "data-testid": "timeline" }, liveText(say("devtools")(session.user ? "loading" : session.status)));
  }
  return h(
    "div",
    { className: "part timeline", "data-testid": "timeline" },
    h(Chart, { steps, lanes, tab, picked: choice.to }),
    h(
      "div",
      { className: "halves" },
      h(
        "div",
        { role: "status", className: "comparison", "data-testid": "difference" },
        h(Comparison, { own, choice, session, model }),
      ),
      h(
        "ol",
        { className: "timeline-list", role: "list", tabIndex: 0, "aria-label": T("caption") },
        [...steps].reverse().slice(0, MAX_LISTED).map((step) =>
          h(Entry, { key: step.key, step, tab, isPicked: step.key === choice.to }),
        ),
      ),
    ),
  );
};
