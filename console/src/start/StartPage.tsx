import { useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { Tabs } from "radix-ui";
import { type ReactNode, useEffect } from "react";
import { useFirstTrace } from "../api/queries";
import { InOtherRegions } from "../frame/NothingHere";
import { CopyButton } from "../parts/parts";
import { travelling } from "../url/search";
import { EXAMPLES } from "./examples";
import styles from "./StartPage.module.css";

/** Shown while the store is empty: how to send the first trace. Leaves by itself when it has come. */
export function StartPage() {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const { data: map, isError } = useFirstTrace();
  const hasCome = map != null && map.latest_us !== null;
  useEffect(() => {
    if (!hasCome) return;
    queries.removeQueries(); // the map remembers an empty store and would lead back here
    void navigate({ to: "/map", search: travelling, replace: true });
  }, [hasCome, navigate, queries]);
  return (
    <div className={styles.page}>
      <div className={styles.sheet}>
        <h1>Send the first trace</h1>
        <p className={styles.lead}>
          Services that already speak AWS X-Ray need no change of code: point their SDK at Fluoro’s
          agent.
        </p>
        <div className={styles.status} role="status" data-lost={isError || undefined}>
          <span className={styles.pulse} aria-hidden="true" />
          {isError
            ? "The server does not answer; still trying"
            : "Waiting for the first trace. This page moves on by itself."}
        </div>
        {map?.elsewhere && (
          <p className={styles.elsewhere}>
            No traces in {map.elsewhere.region}. <InOtherRegions elsewhere={map.elsewhere} />
          </p>
        )}
        <Tabs.Root defaultValue={EXAMPLES[0]?.id ?? ""} className={styles.ways}>
          <Tabs.List className={styles.tabs} aria-label="Ways to send a trace">
            {EXAMPLES.map(({ id, name }) => (
              <Tabs.Trigger key={id} value={id}>
                {name}
              </Tabs.Trigger>
            ))}
          </Tabs.List>
          {EXAMPLES.map(({ id, steps }) => (
            <Tabs.Content key={id} value={id} className={styles.way}>
              {steps.map(({ text, code }) => (
                <Step key={code} text={text}>
                  {code}
                </Step>
              ))}
            </Tabs.Content>
          ))}
        </Tabs.Root>
      </div>
    </div>
  );
}

function Step({ text, children }: { text: ReactNode; children: string }) {
  return (
    <div className={styles.step}>
      <p>{text}</p>
      <div className={styles.code}>
        <pre>{children}</pre>
        <CopyButton text={children} label="Copy" />
      </div>
    </div>
  );
}
