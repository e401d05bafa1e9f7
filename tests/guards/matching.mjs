// Says which route React Router shows at each address that comes in, as a browser reads it.
import { createInterface } from "node:readline";
import { readFileSync, readdirSync } from "node:fs";
import { matchRoutes } from "react-router";

const assets = "build/client/assets/";
const manifest = readdirSync(assets).find((name) => name.startsWith("manifest-"));
const text = readFileSync(assets + manifest, "utf8");
const { routes } = JSON.parse(text.slice(text.indexOf("{"), text.lastIndexOf("}") + 1));
const { root, ...others } = routes;
const tree = [{ id: "root", path: "", children: Object.values(others) }];

for await (const line of createInterface({ input: process.stdin })) {
  const { pathname } = new URL(JSON.parse(line), "http://localhost");
  const shown = matchRoutes(tree, pathname)?.at(-1).route.path ?? null;
  console.log(JSON.stringify({ pathname, shown: shown ?? "" }));
}
