import { useTraceMap } from "../api/queries";
import { useShortcuts } from "../frame/shortcuts";
import { selectionOf } from "../map/graph";
import { MapPanel } from "../map/MapPanel";
import { MapView } from "../map/MapView";
import { useLayout } from "../map/useLayout";
import { Failure, Message } from "../parts/parts";
import { useAddress } from "../url/useAddress";

/** The service map of one trace, with the times of this trace alone. */
export default function TraceMap({ id }: { id: string }) {
  const { search, set } = useAddress();
  const query = useTraceMap(id);
  const { layout } = useLayout(query.data, null);
  const select = (sel: string | null) => set({ sel: sel ?? undefined }, true);
  useShortcuts({ Escape: () => select(null) });
  if (query.isError) return <Failure error={query.error} onRetry={() => void query.refetch()} />;
  if (!query.data) return null;
  if (query.data.nodes.length === 0) {
    return <Message title="Nothing to draw">No segment of this trace has come yet.</Message>;
  }
  if (!layout) return null;
  const selection = selectionOf(query.data, search.sel);
  return (
    <>
      <MapView
        map={query.data}
        layout={layout}
        measure="average"
        unit="count"
        selected={search.sel ?? null}
        found={null}
        onSelect={select}
        fitKey={id}
      />
      {selection && (
        <MapPanel map={query.data} selection={selection} onSelect={select} isSingleTrace />
      )}
    </>
  );
}
