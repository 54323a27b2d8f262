import { type Graph, type Layout, layout } from "./layout";

/** One question to the worker and its answer, matched by `turn`. */
export interface LayoutQuestion {
  turn: number;
  graph: Graph;
  previous: Layout | null;
}

export interface LayoutAnswer {
  turn: number;
  layout: Layout;
}

self.onmessage = ({ data }: MessageEvent<LayoutQuestion>) => {
  const answer: LayoutAnswer = { turn: data.turn, layout: layout(data.graph, data.previous) };
  self.postMessage(answer);
};
