import { useNavigate } from "@tanstack/react-router";
import type { Elsewhere } from "../api/types";
import { Button, Message } from "../parts/parts";
import { travelling } from "../url/search";

/** In the place of a page of a region that holds nothing, while others of its account do. */
export function NothingHere({ elsewhere }: { elsewhere: Elsewhere }) {
  const navigate = useNavigate();
  return (
    <Message
      title={`No traces in ${elsewhere.region}`}
      actions={
        <Button onClick={() => void navigate({ to: "/start", search: travelling })}>
          Send traces here
        </Button>
      }
    >
      <InOtherRegions elsewhere={elsewhere} />
    </Message>
  );
}

/** Where there is something, and how to get there. */
export function InOtherRegions({ elsewhere: { regions } }: { elsewhere: Elsewhere }) {
  return (
    <>
      This account has data in <strong>{regions.join(", ")}</strong>. To see it, sign in with the
      region behind the key’s id: <code>ID/{regions[0]}</code>.
    </>
  );
}
