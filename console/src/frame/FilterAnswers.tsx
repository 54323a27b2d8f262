import { ApiError } from "../api/client";
import { Button, Message } from "../parts/parts";
import { clausesOf } from "../text/expression";
import { plural } from "../text/format";
import { useAddress } from "../url/useAddress";

/** Whether the server said where it does not understand the filter. */
export function isFilterError(error: Error | null): error is ApiError {
  return error instanceof ApiError && error.status === 400 && error.problem.offset !== null;
}

/** In the place of a page whose filter is none. */
export function FilterWrong({ error }: { error: ApiError }) {
  const { set } = useAddress();
  return (
    <Message
      title="The filter is not understood"
      actions={<Button onClick={() => set({ q: undefined })}>Clear the filter</Button>}
    >
      <p role="alert">{error.message}</p>
    </Message>
  );
}

/** Says what there would be without each clause of the filter. */
export function NothingMatches({ q, total }: { q: string; total: number | null }) {
  const { set } = useAddress();
  const clauses = clausesOf(q);
  return (
    <Message
      title="No trace matches the filter"
      actions={
        <>
          {clauses.length > 1 &&
            clauses.map((clause) => (
              <Button
                key={clause}
                onClick={() =>
                  set({ q: clauses.filter((other) => other !== clause).join(" AND ") })
                }
              >
                Without <code>{clause}</code>
              </Button>
            ))}
          <Button
            looks={clauses.length > 1 ? [] : ["primary"]}
            onClick={() => set({ q: undefined })}
          >
            Clear the filter
          </Button>
        </>
      }
    >
      {total === null
        ? "There are traces in this range."
        : `${plural(total, "trace")} in this range.`}
    </Message>
  );
}
