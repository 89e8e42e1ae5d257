package io.adapt4j.core.internal.train;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * Estimates the remaining time of a run from its steps and evaluations so far.
 *
 * <p>The first steps are excluded: libtorch specializes its operators and the JVM compiles in them,
 * so they may take hundreds of times longer than later ones. The time of evaluations and
 * checkpoints is measured separately. Steps whose batches are made together, such as those of a
 * rollout, are timed as a group, since the first of them bears the cost for all.
 */
final class TimeLeft {

  /** Number of excluded steps, unless a group is larger. */
  static final int WARM_UP = 2;

  /** Minimum number of groups for an estimate, and maximum number that it uses. */
  static final int LEAST_GROUPS = 3;

  private static final int MOST_GROUPS = 100;

  /** Multiple of the median at which the time of a group is capped as an outlier. */
  private static final int HELD_UP = 10;

  private final LongSupplier nanoTime;
  private final int together;
  private final Deque<Long> groups = new ArrayDeque<>();
  private int counted;
  private long groupBegun;
  private long outside;
  private long pauseBegun;
  private long evaluation;
  private boolean evaluatedNow;

  TimeLeft(LongSupplier nanoTime, int together) {
    this.nanoTime = nanoTime;
    this.together = together;
    this.groupBegun = nanoTime.getAsLong();
  }

  /** Marks the beginning of something outside steps. */
  void pause() {
    pauseBegun = nanoTime.getAsLong();
  }

  /** Marks the end of an evaluation with its checkpoints; its time predicts later ones. */
  void evaluated() {
    evaluation = 0;
    evaluatedNow = true;
    saved();
  }

  /**
   * Marks the end of saving a state, whose time counts toward the evaluation that it follows, if
   * any.
   */
  void saved() {
    long taken = nanoTime.getAsLong() - pauseBegun;
    outside += taken;
    evaluation += evaluatedNow ? taken : 0;
  }

  void stepEnded() {
    counted++;
    evaluatedNow = false;
    int past = counted - warmUp();
    long now = nanoTime.getAsLong();
    if (past > 0 && past % together == 0) {
      groups.addLast(now - groupBegun - outside);
      if (groups.size() > MOST_GROUPS) {
        groups.removeFirst();
      }
    }
    if (past % together == 0) {
      groupBegun = now;
      outside = 0;
    }
  }

  /** Returns {@link #WARM_UP} rounded up to whole groups. */
  private int warmUp() {
    return (WARM_UP + together - 1) / together * together;
  }

  Optional<Duration> estimate(int steps, int evaluations) {
    if (steps == 0) {
      return Optional.of(Duration.ofNanos(evaluations * evaluation));
    }
    if (groups.size() < LEAST_GROUPS) {
      return Optional.empty();
    }
    return Optional.of(
        Duration.ofNanos(Math.round(steps * nanosPerStep()) + evaluations * evaluation));
  }

  /** Returns the mean time of a step, with outliers capped. */
  private double nanosPerStep() {
    long[] sorted = groups.stream().mapToLong(Long::longValue).sorted().toArray();
    double most = (double) HELD_UP * sorted[sorted.length / 2];
    double mean =
        Arrays.stream(sorted)
            .mapToDouble(value -> Math.min((double) value, most))
            .average()
            .orElse(0);
    return mean / together;
  }
}
