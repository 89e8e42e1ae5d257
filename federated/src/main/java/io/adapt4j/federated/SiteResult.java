package io.adapt4j.federated;

import io.adapt4j.federated.internal.AdapterFiles;
import java.io.Serializable;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Result of a site's training in a round: an adapter, or why there is none. */
public final class SiteResult implements Serializable {
  private static final long serialVersionUID = 1L;

  /** The job that this answers. */
  private final JobStamp stamp;

  /** What it trained; null where it failed. */
  private final @Nullable AdapterFiles adapter;

  /** Why there is no adapter; null where there is one. */
  private final @Nullable String failure;

  /** Tokens that were learned from. */
  private final long targetTokens;

  /** Steps of the optimizer. */
  private final int steps;

  /** The loss of the first step. */
  private final double firstLoss;

  /** The loss of the last step. */
  private final double lastLoss;

  /** How long it took. */
  private final Duration elapsed;

  private SiteResult(
      JobStamp stamp,
      @Nullable AdapterFiles adapter,
      @Nullable String failure,
      long targetTokens,
      int steps,
      double firstLoss,
      double lastLoss,
      Duration elapsed) {
    this.stamp = stamp;
    this.adapter = adapter;
    this.failure = failure;
    this.targetTokens = targetTokens;
    this.steps = steps;
    this.firstLoss = firstLoss;
    this.lastLoss = lastLoss;
    this.elapsed = elapsed;
  }

  static SiteResult of(
      JobStamp stamp,
      AdapterFiles adapter,
      long targetTokens,
      int steps,
      double firstLoss,
      double lastLoss,
      Duration elapsed) {
    return new SiteResult(stamp, adapter, null, targetTokens, steps, firstLoss, lastLoss, elapsed);
  }

  static SiteResult failed(JobStamp stamp, String failure) {
    return new SiteResult(stamp, null, failure, 0, 0, 0, 0, Duration.ZERO);
  }

  /** {@return the name of the site} */
  public String site() {
    return stamp.site();
  }

  /** {@return the number of the round; 0 for the first adapter} */
  public int round() {
    return stamp.round();
  }

  @Nullable JobStamp stamp() {
    return stamp;
  }

  @Nullable AdapterFiles adapterOrNull() {
    return adapter;
  }

  /** {@return why there is no adapter; empty where there is one} */
  public Optional<String> failure() {
    return Optional.ofNullable(failure);
  }

  AdapterFiles adapter() {
    if (adapter == null) {
      throw new IllegalStateException(site() + " failed: " + failure);
    }
    return adapter;
  }

  /** {@return the bytes of the adapter} */
  public long bytes() {
    return adapter == null ? 0 : adapter.bytes();
  }

  /** {@return how many tokens were learned from, each as often as it was} */
  public long targetTokens() {
    return targetTokens;
  }

  int steps() {
    return steps;
  }

  double firstLoss() {
    return firstLoss;
  }

  double lastLoss() {
    return lastLoss;
  }

  Duration elapsed() {
    return elapsed;
  }
}
