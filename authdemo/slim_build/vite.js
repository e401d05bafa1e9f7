import { fileURLToPath } from "node:url";

/** What every page needs is packed in two: together it is smaller than in pieces. */
const VENDOR =
  /node_modules\/(react|react-dom|scheduler|react-router|react-error-boundary|@socket\.io\/.*|socket\.io-\w+|engine\.io-\w+)\//;
const APP = /\/\.web\/(app\/root|slim_build\/[\w-]+|utils\/[\w-]+)\.jsx?$/;

/** Reflex asks for WebSocket and nothing else. */
const TRANSPORTS = /engine\.io-client\/build\/esm\/transports\/index\.js$/;
const WEBSOCKET_ALONE =
  'import { WS } from "./websocket.node.js"; export const transports = { websocket: WS };';

const ours = (script) => fileURLToPath(new URL(script, import.meta.url));

/** A plugin for Vite that keeps pages small. */
export default () => ({
  name: "slim-build",
  enforce: "pre",
  config: () => ({
    resolve: {
      alias: [
        { find: /^@emotion\/react$/, replacement: ours("./jsx.js") },
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
});
