import { createElement as h, memo, useEffect, useRef, useState } from "react";
import { liveText } from "../../sessions/reflex/components/assets/i18n.js";
import { causeText, pick, say, shortTime, tickTime } from "./data.js";
import { button, clientName, CODE, useWidth } from "./parts.js";

const T = say("timeline");

const LANE = 22;
const MAX_LANES = 12;
const EDGE = 10;
const AXIS = 18;
const OVERVIEW = 18;
const MIN_SPAN = 0.05;
const ZOOM = 1.6;
const MIN_BRUSH = 6;
const TIP = 300;

/** A lane for each tab of each session, and one for what came from none. */
export const lanesOf = (steps) => {
  const lanes = new Map();
  for (const step of steps) {
    const key = `${step.session} ${step.tab}`;
    if (!lanes.has(key)) lanes.set(key, { key, step, steps: [] });
    lanes.get(key).steps.push(step);
  }
  const order = ({ step }) => [step.current ? 0 : 1, step.session, step.tab].join(" ");
  return [...lanes.values()].sort((a, b) => order(a).localeCompare(order(b)));
};

const joined = (...parts) => parts.filter(Boolean).join(" · ");

/** The administrator who acted as the user. */
export const actorName = ({ actor }) => actor && T("actor", { actor });

const laneName = ({ step }, tab) => {
  const name = step.tab ? T(step.tab === tab ? "this_tab" : "tab", { tab: step.tab }) : T("no_tab");
  return joined(clientName(step), name, actorName(step));
};

export const stepName = (step) =>
  joined(
    step.rev && T("rev", { rev: step.rev }),
    causeText(step.cause),
    actorName(step),
    shortTime(step.at),
  );

/** Where a step came from. */
export const origin = ({ tab: name, browser, system, ip }, own) => {
  const client = [browser, system, ip].filter(Boolean).join(" · ");
  if (!name) return client;
  return `${T(name === own ? "this_tab" : "tab", { tab: name })} · ${client}`;
};

/** Whether a step is a revision of this session, which can be compared with another. */
export const isOwn = (step) => Boolean(step?.current && step.rev);

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

const Mark = ({ step, x, y, isPicked, hover }) =>
  h(
    "g",
    {
      role: "option",
      id: `mark-${step.key}`,
      "aria-selected": isPicked,
      "aria-label": stepName(step),
      className: `mark ${step.cause} ${step.actor ? "acted" : ""} ${isPicked ? "picked" : ""}`,
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

export const Chart = memo(({ steps, lanes, tab, choice }) => {
  const frame = useRef();
  const width = useWidth(frame);
  const whole = span(steps);
  const [zoomed, setZoomed] = useState(null);
  const [hovered, hover] = useState(null);
  const [isFocused, setFocused] = useState(false);
  const [brush, setBrush] = useState(null);
  const range = zoomed ? clipped(zoomed, whole) : whole;
  const scale = scaled(range, width);
  const all = scaled(whole, width);
  const height = lanes.length * LANE + AXIS;
  const at = steps.findIndex(({ key }) => key === choice.to);
  const start = steps.findIndex(({ key }) => key === choice.from);

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

  const reach = (step, from) => {
    if (!step) return;
    pick(step.key, from);
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
  const extend = (by) => {
    const other = steps.slice(by < 0 ? 0 : at + 1, by < 0 ? at : undefined).filter(isOwn).at(by < 0 ? -1 : 0);
    if (isOwn(steps[at])) reach(other, choice.from || choice.to);
  };
  const zoomToChosen = () => {
    if (start < 0 || at < 0) return;
    const [first, last] = [steps[start].at, steps[at].at].sort((a, b) => a - b);
    const margin = Math.max((last - first) * 0.1, MIN_SPAN / 2);
    setZoomed(clipped({ from: first - margin, to: last + margin }, whole));
  };
  const shifted = { ArrowRight: () => extend(1), ArrowLeft: () => extend(-1) };
  const keys = {
    Enter: zoomToChosen,
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
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const act = (event.shiftKey && shifted[event.key]) || keys[event.key];
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
  const shown = [hovered, isFocused && steps[at]].find((step) => step && isIn(step));
  const [left, right] = [start, at].map((place) => scale.x(steps[place]?.at ?? 0)).sort((a, b) => a - b);

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
      { ref: frame, className: lanes.length > MAX_LANES ? "frame tall" : "frame" },
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
            onFocus: () => setFocused(true),
            onBlur: () => setFocused(false),
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
              h("text", { key: index, x: scale.x(moment), y: height - 5, className: "tick" }, tickTime(moment, range.to - range.from)),
            ),
          ),
          start >= 0 &&
            at >= 0 &&
            h("rect", { className: "chosen", x: left, width: right - left, height: height - AXIS }),
          steps
            .filter(isIn)
            .map((step) =>
              h(Mark, {
                key: step.key,
                step,
                x: scale.x(step.at),
                y: laneOf.get(step.key) * LANE + 15,
                isPicked: step.key === choice.to,
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
              left: Math.min(Math.max(0, scale.x(shown.at) - 80), Math.max(0, width - TIP)),
              top: laneOf.get(shown.key) * LANE + 26,
            },
          },
          h("strong", null, stepName(shown)),
          h("br"),
          origin(shown, tab),
          shown.actor && [h("br", { key: "line" }), h("em", { key: "actor" }, actorName(shown))],
          shown.changes.length > 0 && [h("br", { key: "br" }), shown.changes.map(({ field }) => field).join(", ")],
        ),
    ),
  );
});
