import {
  createRootRoute,
  createRoute,
  createRouter,
  Link,
  lazyRouteComponent,
  redirect,
} from "@tanstack/react-router";
import { Frame } from "./frame/Frame";
import { MapPage } from "./map/MapPage";
import { buttonClass, Message } from "./parts/parts";
import { parseSearch, stringifySearch, travelling, validSearch } from "./url/search";

const root = createRootRoute({
  component: Frame,
  validateSearch: validSearch,
  notFoundComponent: () => (
    <Message
      title="There is no such page"
      actions={
        <Link to="/map" search={travelling} className={buttonClass("primary")}>
          To the map
        </Link>
      }
    />
  ),
});

const home = createRoute({
  getParentRoute: () => root,
  path: "/",
  beforeLoad: ({ search }) => {
    throw redirect({ to: "/map", search, replace: true });
  },
});

const map = createRoute({ getParentRoute: () => root, path: "/map", component: MapPage });

const services = createRoute({
  getParentRoute: () => root,
  path: "/services",
  component: lazyRouteComponent(() => import("./map/ServicesPage"), "ServicesPage"),
});

const traces = createRoute({
  getParentRoute: () => root,
  path: "/traces",
  component: lazyRouteComponent(() => import("./traces/TracesPage"), "TracesPage"),
});

const trace = createRoute({
  getParentRoute: () => root,
  path: "/traces/$id",
  component: lazyRouteComponent(() => import("./trace/TracePage"), "TracePage"),
});

const start = createRoute({
  getParentRoute: () => root,
  path: "/start",
  component: lazyRouteComponent(() => import("./start/StartPage"), "StartPage"),
});

/** The pages, below whatever base path the page was served under. */
export function newRouter() {
  return createRouter({
    routeTree: root.addChildren([home, map, services, traces, trace, start]),
    basepath: new URL(document.baseURI).pathname,
    parseSearch: (text) => parseSearch(text) as Record<string, unknown>,
    stringifySearch: (search) => stringifySearch(validSearch(search)),
    defaultPreload: "intent",
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof newRouter>;
  }
}
