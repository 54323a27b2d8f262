import { useEffect, useMemo, useRef, useState } from "react";
import type { ServiceMap } from "../api/types";
import { recall, remember } from "../parts/storage";
import { shapeOf } from "./graph";
import type { Graph, Layout } from "./layout";
import type { LayoutAnswer, LayoutQuestion } from "./layout.worker";

interface Arranged {
  layout: Layout | null;
  /** Forgets the remembered places and lays out anew. */
  rearrange: () => void;
}

/**
 * The places of a map's nodes, computed in a worker.
 *
 * `memory` names where they are remembered, so that a refresh or a reload moves nothing; null for
 * passing views (focus, the map of one trace).
 */
export function useLayout(map: ServiceMap | undefined, memory: string | null): Arranged {
  const [layout, setLayout] = useState<Layout | null>(null);
  const [times, setTimes] = useState(0);
  const worker = useRef<Worker | null>(null);
  const turn = useRef(0);
  const last = useRef<{ memory: string | null; layout: Layout | null }>({ memory, layout: null });

  useEffect(() => {
    const started = new Worker(new URL("./layout.worker.ts", import.meta.url), { type: "module" });
    worker.current = started;
    return () => {
      started.terminate();
      worker.current = null;
    };
  }, []);

  const shape = map && shapeOf(map);
  const graph = useMemo<Graph | null>(() => {
    if (!shape) return null;
    const [nodes, edges] = JSON.parse(shape) as [string[], [string, string][]];
    return { nodes, edges };
  }, [shape]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: `times` asks for a new layout
  useEffect(() => {
    if (!graph || !worker.current) return;
    turn.current += 1;
    const asked = turn.current;
    const previous =
      memory === null
        ? null
        : last.current.memory === memory && last.current.layout
          ? last.current.layout
          : recall<Layout>(memory);
    worker.current.onmessage = ({ data }: MessageEvent<LayoutAnswer>) => {
      if (data.turn !== turn.current) return;
      last.current = { memory, layout: data.layout };
      if (memory !== null) remember(memory, data.layout);
      setLayout(data.layout);
    };
    const question: LayoutQuestion = { turn: asked, graph, previous };
    worker.current.postMessage(question);
  }, [graph, memory, times]);

  const rearrange = () => {
    if (memory !== null) remember(memory, null);
    last.current = { memory, layout: null };
    setTimes((value) => value + 1);
  };
  return { layout, rearrange };
}
