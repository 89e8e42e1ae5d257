package io.adapt4j.federated;

import io.adapt4j.federated.internal.AdapterFiles;
import java.io.Serializable;
import java.time.Duration;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Result of a site's training in a round: an adapter, or a failure. */
public final class SiteResult implements Serializable {
  private static final long serialVersionUID = 1L;

  /** The job that this answers. */
  private final JobStamp stamp;

  /** The trained adapter; null if it failed. */
  private final @Nullable AdapterFiles adapter;

  /** The failure; null if there is an adapter. */
  private final @Nullable String failure;

  /** Number of training tokens. */
  private final long targetTokens;

  /** Optimizer steps. */
  private final int steps;

  /** The loss of the first step. */
  private final double firstLoss;

  /** The loss of the last step. */
  private final double lastLoss;

  /** Training time. */
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

  /** {@return the number of the round; 0 for the initial adapter} */
  public int round() {
    return stamp.round();
  }

  @Nullable JobStamp stamp() {
    return stamp;
  }

  @Nullable AdapterFiles adapterOrNull() {
    return adapter;
  }

  /** {@return the failure; empty if there is an adapter} */
  public Optional<String> failure() {
    return Optional.ofNullable(failure);
  }

  AdapterFiles adapter() {
    if (adapter == null) {
      throw new IllegalStateException(site() + " failed: " + failure);
    }
    return adapter;
  }

  /** {@return the size of the adapter in bytes} */
  public long bytes() {
    return adapter == null ? 0 : adapter.bytes();
  }

  /** {@return the number of training tokens, counting repetitions} */
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
