/** The ways to send a first trace, each a few steps of text and commands. */

interface Way {
  id: string;
  name: string;
  steps: { text: string; code: string }[];
}

const AGENT = "127.0.0.1:2000";

export const EXAMPLES: readonly Way[] = [
  {
    id: "python",
    name: "Python",
    steps: [
      {
        text: "Tell the X-Ray SDK where the agent is.",
        code: `export AWS_XRAY_DAEMON_ADDRESS=${AGENT}`,
      },
      {
        text: "A service that has the SDK already needs nothing more. Without one, this sends a trace:",
        code: `pip install aws-xray-sdk
python - <<'END'
from aws_xray_sdk.core import xray_recorder

xray_recorder.configure(service="hello", sampling=False)
with xray_recorder.in_segment("hello") as segment:
    segment.put_annotation("first", True)
    with xray_recorder.in_subsegment("work"):
        sum(range(1_000_000))
END`,
      },
    ],
  },
  {
    id: "node",
    name: "Node.js",
    steps: [
      {
        text: "Tell the X-Ray SDK where the agent is.",
        code: `export AWS_XRAY_DAEMON_ADDRESS=${AGENT}`,
      },
      {
        text: "A service that has the SDK already needs nothing more. Without one, this sends a trace:",
        code: `npm install aws-xray-sdk-core
node -e '
const xray = require("aws-xray-sdk-core");
const segment = new xray.Segment("hello");
const work = segment.addNewSubsegment("work");
setTimeout(() => { work.close(); segment.close(); }, 50);
'`,
      },
    ],
  },
  {
    id: "shell",
    name: "Shell only",
    steps: [
      {
        text: "No SDK at hand? A segment is one line of JSON in a UDP datagram (bash):",
        code: `now=$(date +%s)
rest=$(od -An -N12 -tx1 /dev/urandom | tr -d ' \\n')
id=$(od -An -N8 -tx1 /dev/urandom | tr -d ' \\n')
env printf '{"format":"json","version":1}\\n{"name":"hello","id":"%s","trace_id":"1-%08x-%s","start_time":%s.0,"end_time":%s.25}' \\
  "$id" "$now" "$rest" "$now" "$now" > /dev/udp/127.0.0.1/2000`,
      },
    ],
  },
  {
    id: "kubernetes",
    name: "Kubernetes",
    steps: [
      {
        text: "Install agent and server from a checkout of Fluoro.",
        code: "kubectl apply -k deploy/kubernetes",
      },
      {
        text: "Give every traced container this variable, as with AWS’s daemon:",
        code: `env:
  - name: AWS_XRAY_DAEMON_ADDRESS
    value: xray-service.amazon:2000`,
      },
    ],
  },
];
