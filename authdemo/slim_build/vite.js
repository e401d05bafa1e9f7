import { fileURLToPath } from "node:url";
import { parseAst } from "vite";

/** What every page needs is packed in two: together it is smaller than in pieces. */
const VENDOR =
  /node_modules\/(react|react-dom|scheduler|react-router|react-error-boundary|@socket\.io\/.*|socket\.io-\w+|engine\.io-\w+)\//;
const APP =
  /\/\.web\/(app\/root|slim_build\/[\w-]+|utils\/[\w-]+|app_components\/authdemo\/ui\/\w+|public\/.+\/(feedback|password|time))\.jsx?$/;

/** Reflex asks for WebSocket and nothing else. */
const TRANSPORTS = /engine\.io-client\/build\/esm\/transports\/index\.js$/;
const POLLING = /engine\.io-client\/build\/esm\/transports\/polling-[\w.-]+\.js$/;
const WEBSOCKET_ALONE =
  'import { WS } from "./websocket.node.js"; export const transports = { websocket: WS };';

/**
 * What no page calls. Reflex builds pages without loaders, actions and fetchers, and they know all routes from
 * the start; our policy forbids `eval`, and the demo takes no uploads. A call of any of these throws.
 */
const LEFT_OUT = {
  "react-router/dist/production/lib/router/router.js": [
    "handleAction",
    "handleFetcherAction",
    "handleFetcherLoader",
    "startRedirectNavigation",
    "discoverRoutes",
    "patchRoutesImpl",
  ],
  "react-router/dist/production/lib/hooks.js": ["RSCErrorHandler"],
  "react-router/dist/production/lib/router/instrumentation.js": [
    "getRouteInstrumentationUpdates",
    "instrumentClientSideRouter",
  ],
  "react-router/dist/production/lib/dom/ssr/fog-of-war.js": [
    "fetchAndApplyManifestPatches",
    "getPartialManifest",
  ],
  "react-router/dist/production/lib/dom/ssr/single-fetch.js": [
    "singleFetchActionStrategy",
    "singleFetchLoaderFetcherStrategy",
    "singleFetchLoaderNavigationStrategy",
    "fetchAndDecodeViaTurboStream",
  ],
  "react-router/dist/production/lib/dom/ssr/components.js": ["PrefetchPageLinks"],
  "react-router/dist/production/lib/dom/lib.js": ["Form", "NavLink"],
  ".web/utils/helpers/upload.js": ["uploadFiles"],
  ".web/utils/state.js": ["evalReactComponent"],
};

/** Reflex's direct `eval` would keep every name around it; our policy forbids both. */
const DIRECT_EVAL = /\beval(\?\.)?\(/g;

const ours = (script) => fileURLToPath(new URL(script, import.meta.url));

/** Finds a function or a constant by its name, in other functions too. */
const find = (node, name) => {
  if (node?.type === "FunctionDeclaration" && node.id.name === name) return node.body;
  if (node?.type === "VariableDeclarator" && node.id.name === name) return node.init;
  if (!node || typeof node !== "object") return null;
  for (const part of Object.values(node)) {
    const found = find(part, name);
    if (found) return found;
  }
  return null;
};

const leaveOut = (code, names, file) => {
  const tree = parseAst(code);
  const parts = names.map((name) => {
    const part = find(tree, name);
    if (!part) throw new Error(`slim_build/vite.js leaves out ${name}, which ${file} doesn't have.`);
    return { ...part, name };
  });
  for (const { type, start, end, name } of parts.sort((a, b) => b.start - a.start)) {
    const refuse = `{ throw Error("${name} isn't in the build") }`;
    const instead = type === "BlockStatement" ? refuse : `() => ${refuse}`;
    code = code.slice(0, start) + instead + code.slice(end);
  }
  return code;
};

const standIns = {
  name: "slim-build",
  enforce: "pre",
  config: () => ({
    resolve: {
      alias: [
        { find: /^@emotion\/react$/, replacement: ours("./jsx.js") },
        { find: /^mergician$/, replacement: ours("./merge.js") },
        { find: /^universal-cookie$/, replacement: ours("./cookies.js") },
      ],
    },
    build: {
      rollupOptions: {
        output: {
          codeSplitting: {
            groups: [
              { name: "vendor", test: VENDOR },
              { name: "app", test: APP },
            ],
          },
        },
      },
    },
  }),
  load: (id) => (TRANSPORTS.test(id) ? WEBSOCKET_ALONE : null),
  transform: (code, id) => (POLLING.test(id) ? { code, map: null, moduleSideEffects: false } : null),
};

/** A plugin for Vite that keeps pages small. */
export default () => {
  const waiting = new Set(Object.keys(LEFT_OUT));
  return [
    standIns,
    {
      name: "slim-build-left-out",
      apply: "build",
      enforce: "pre",
      applyToEnvironment: ({ name }) => name === "client",
      transform(code, id) {
        const file = Object.keys(LEFT_OUT).find((each) => id.endsWith(`/${each}`));
        if (!file) return null;
        waiting.delete(file);
        const rest = leaveOut(code, LEFT_OUT[file], file);
        return { code: rest.replace(DIRECT_EVAL, "(0, eval)("), map: null };
      },
      buildEnd() {
        if (waiting.size) this.error(`slim_build/vite.js: there is no ${[...waiting].join(", ")}.`);
      },
    },
  ];
};
