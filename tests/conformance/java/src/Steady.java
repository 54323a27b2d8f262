import com.amazonaws.xray.AWSXRay;
import com.amazonaws.xray.entities.Segment;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;

/**
 * Segments at a steady rate with the official X-Ray SDK for Java and the server's rules.
 *
 * <p>{@code Steady SERVICE RATE SECONDS LINGER} waits until a rule of the server decides, opens RATE
 * segments a second from then on, stays LINGER seconds more for the last report, and prints a JSON
 * line: how many were asked for, the time, trace and rule of each that was sampled, and what the SDK
 * complained of.
 */
public final class Steady {
  private static final long WAIT_LIMIT_MS = 30_000;
  private static final Logger SDK = Logger.getLogger("com.amazonaws.xray");

  private final String service;
  private final List<Double> sampled = new ArrayList<>();
  private final List<String> traces = new ArrayList<>();
  private final List<String> rules = new ArrayList<>();
  private double started;
  private int requests;

  private Steady(String service) {
    this.service = service;
  }

  public static void main(String[] arguments) throws Exception {
    List<String> complaints = listen();
    Steady steady = new Steady(arguments[0]);
    double rate = Double.parseDouble(arguments[1]);
    steady.waitForRules();
    steady.ask(rate, Double.parseDouble(arguments[2]));
    double ended = now();
    Thread.sleep((long) (1000 * Double.parseDouble(arguments[3])));
    Map<String, Object> found =
        Map.of(
            "requests", steady.requests,
            "started", steady.started,
            "ended", ended,
            "sampled", steady.sampled,
            "traces", steady.traces,
            "rules", steady.rules,
            "complaints", complaints);
    System.out.println(new ObjectMapper().writeValueAsString(found));
    System.exit(0);
  }

  /** What the SDK's log says went wrong; its pollers say that at level info, with what was thrown. */
  private static List<String> listen() {
    List<String> complaints = new CopyOnWriteArrayList<>();
    SDK.setUseParentHandlers(false);
    SDK.addHandler(
        new Handler() {
          @Override
          public void publish(LogRecord line) {
            if (line.getThrown() != null || line.getLevel().intValue() >= Level.WARNING.intValue()) {
              complaints.add(line.getMessage() + line.getThrown());
            }
          }

          @Override
          public void flush() {}

          @Override
          public void close() {}
        });
    return complaints;
  }

  private void waitForRules() throws InterruptedException {
    long limit = System.currentTimeMillis() + WAIT_LIMIT_MS;
    while (rules.isEmpty()) {
      if (System.currentTimeMillis() > limit) {
        throw new IllegalStateException(
            "no rule of the server chose a segment within " + WAIT_LIMIT_MS + " ms");
      }
      ask();
      Thread.sleep(100);
    }
  }

  private void ask(double rate, double seconds) throws InterruptedException {
    long begin = System.nanoTime();
    for (int number = 1; System.nanoTime() - begin < seconds * 1e9; number++) {
      ask();
      long rest = begin + (long) (number * 1e9 / rate) - System.nanoTime();
      Thread.sleep(Math.max(0, rest / 1_000_000));
    }
  }

  /** Opens one segment and counts it, unless it is from before the rules came. */
  private void ask() {
    double now = now();
    Segment segment = AWSXRay.beginSegmentWithSampling(service);
    Object rule = null;
    if (segment.isSampled() && segment.getAws().get("xray") instanceof Map<?, ?> sdk) {
      rule = sdk.get("rule_name");
    }
    AWSXRay.endSegment();
    if (rule == null && rules.isEmpty()) {
      return;
    }
    started = started == 0 ? now : started;
    requests++;
    if (rule != null) {
      sampled.add(now);
      traces.add(segment.getTraceId().toString());
      rules.add(rule.toString());
    }
  }

  private static double now() {
    return System.currentTimeMillis() / 1000.0;
  }
}
