package io.adapt4j.rag.internal.trace;

import io.adapt4j.rag.trace.Stage;
import io.adapt4j.rag.trace.Trace;
import io.adapt4j.rag.trace.TraceListener;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tags;
import java.util.Objects;

/**
 * Records metrics of answers with Micrometer. Needs the optional dependency {@code
 * io.micrometer:micrometer-core}.
 *
 * <table>
 * <caption>Meters; each has the tags given to {@link #of}</caption>
 * <tr><th>name, after {@code adapt4j.rag.}</th><th>kind</th><th>what</th></tr>
 * <tr><td>{@code answer}</td><td>timer</td><td>whole answers; the tag {@code answerable} is {@code
 *     true} or {@code false}</td></tr>
 * <tr><td>{@code stage}</td><td>timer</td><td>stages; the tag {@code stage} names them</td></tr>
 * <tr><td>{@code prompt.tokens, new.tokens}</td><td>counters, tokens</td><td>read and written by
 *     the generator, where it counts them</td></tr>
 * </table>
 */
public final class MicrometerMeters implements TraceListener {

  private static final String PREFIX = "adapt4j.rag.";

  private final MeterRegistry registry;
  private final Tags tags;

  private MicrometerMeters(MeterRegistry registry, Tags tags) {
    this.registry = registry;
    this.tags = tags;
  }

  /** Creates a listener that records in a registry. */
  public static MicrometerMeters of(MeterRegistry registry, String... tags) {
    return new MicrometerMeters(Objects.requireNonNull(registry, "registry"), Tags.of(tags));
  }

  @Override
  public void answered(Trace trace) {
    String answerable = Boolean.toString(trace.answerable());
    registry.timer(PREFIX + "answer", tags.and("answerable", answerable)).record(trace.total());
    for (Stage stage : trace.stages()) {
      registry.timer(PREFIX + "stage", tags.and("stage", stage.name())).record(stage.duration());
    }
    trace
        .usage()
        .ifPresent(
            usage -> {
              registry.counter(PREFIX + "prompt.tokens", tags).increment(usage.promptTokens());
              registry.counter(PREFIX + "new.tokens", tags).increment(usage.newTokens());
            });
  }
}
