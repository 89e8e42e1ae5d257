package io.adapt4j.core.internal.train;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Optional;
import java.util.function.LongSupplier;

/**
 * Estimates the time to the end of a run from the steps and evaluations of this run.
 *
 * <p>The first steps are left out: libtorch specializes its operators and the JVM compiles in them,
 * and they may take hundreds of times as long as later ones. What evaluations and checkpoints take
 * is kept apart from the steps. Steps whose batches are made together, such as those of a rollout,
 * are counted together, since the first of them pays for all.
 */
final class TimeLeft {

  /** Steps that are left out, unless more of them are made together. */
  static final int WARM_UP = 2;

  /** Groups of steps that an estimate needs, and those that it looks back on. */
  static final int LEAST_GROUPS = 3;

  private static final int MOST_GROUPS = 100;

  /** A group that takes so many times as long as the middle one was held up by something else. */
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

  /** Prepares an estimate. */
  TimeLeft(LongSupplier nanoTime, int together) {
    this.nanoTime = nanoTime;
    this.together = together;
    this.groupBegun = nanoTime.getAsLong();
  }

  /** Something begins that is no part of a step. */
  void pause() {
    pauseBegun = nanoTime.getAsLong();
  }

  /** An evaluation with its checkpoints ends; its time stands for those to come. */
  void evaluated() {
    evaluation = 0;
    evaluatedNow = true;
    saved();
  }

  /** A state was saved; where that goes with an evaluation, it will do so again. */
  void saved() {
    long taken = nanoTime.getAsLong() - pauseBegun;
    outside += taken;
    evaluation += evaluatedNow ? taken : 0;
  }

  /** A step has ended. */
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

  /** The least number of whole groups that covers {@link #WARM_UP}. */
  private int warmUp() {
    return (WARM_UP + together - 1) / together * together;
  }

  /** Estimates the time left. */
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

  /** The mean, as long steps count by their number; groups that were held up count less. */
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
