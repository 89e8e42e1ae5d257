package io.adapt4j.jinja;

import java.time.Clock;
import java.time.ZoneId;
import java.util.Objects;
import java.util.function.IntPredicate;

/**
 * Clock, limits and cancellation of a rendering. Immutable; {@code with} methods give changed
 * copies.
 *
 * @param clock the time and zone of {@code strftime_now}
 * @param maxSteps maximum number of units of work, at least 1; a statement, an iteration of a loop
 *     and sixteen characters of a text are about one each
 * @param maxOutput maximum number of characters or elements of the output and of any text or list,
 *     at least 1
 * @param maxDepth maximum nesting of macro calls and of values, at least 1; each level takes some
 *     of the thread's stack
 * @param isCancelled polled on the rendering thread with the number of characters printed so far;
 *     once true, rendering ends in a {@link java.util.concurrent.CancellationException}. An
 *     exception that it throws ends it too
 */
public record RenderOptions(
    Clock clock, long maxSteps, int maxOutput, int maxDepth, IntPredicate isCancelled) {

  private static final RenderOptions DEFAULTS =
      new RenderOptions(Clock.system(ZoneId.systemDefault()), 20_000_000, 16_777_216, 100);

  /**
   * Creates options without cancellation.
   *
   * @param maxSteps maximum number of units of work, at least 1
   * @param maxOutput maximum number of characters or elements of a text or list, at least 1
   * @param maxDepth maximum nesting of calls and values, at least 1
   * @throws IllegalArgumentException if a limit is below 1
   */
  public RenderOptions(Clock clock, long maxSteps, int maxOutput, int maxDepth) {
    this(clock, maxSteps, maxOutput, maxDepth, printed -> false);
  }

  /** Checks the limits. Throws {@link IllegalArgumentException} if a limit is below 1. */
  public RenderOptions {
    Objects.requireNonNull(clock, "clock");
    Objects.requireNonNull(isCancelled, "isCancelled");
    requirePositive("maxSteps", maxSteps);
    requirePositive("maxOutput", maxOutput);
    requirePositive("maxDepth", maxDepth);
  }

  /**
   * {@return the defaults: the system's clock, 20 million steps, 16,777,216 characters and 100
   * levels}
   */
  public static RenderOptions defaults() {
    return DEFAULTS;
  }

  /**
   * Returns a copy with another clock.
   *
   * @param newClock the time and zone of {@code strftime_now}
   * @return the copy
   */
  public RenderOptions withClock(Clock newClock) {
    return new RenderOptions(newClock, maxSteps, maxOutput, maxDepth, isCancelled);
  }

  /**
   * Returns a copy with another limit on work.
   *
   * @param newMaxSteps maximum number of units of work, at least 1
   * @return the copy
   */
  public RenderOptions withMaxSteps(long newMaxSteps) {
    return new RenderOptions(clock, newMaxSteps, maxOutput, maxDepth, isCancelled);
  }

  /**
   * Returns a copy with another limit on sizes.
   *
   * @param newMaxOutput maximum number of characters or elements of a text or list, at least 1
   * @return the copy
   */
  public RenderOptions withMaxOutput(int newMaxOutput) {
    return new RenderOptions(clock, maxSteps, newMaxOutput, maxDepth, isCancelled);
  }

  /**
   * Returns a copy with another limit on nesting.
   *
   * @param newMaxDepth maximum nesting of calls and values, at least 1
   * @return the copy
   */
  public RenderOptions withMaxDepth(int newMaxDepth) {
    return new RenderOptions(clock, maxSteps, maxOutput, newMaxDepth, isCancelled);
  }

  /**
   * Returns a copy whose renderings can be cancelled.
   *
   * @param newIsCancelled polled on the rendering thread with the number of characters printed so
   *     far
   * @return the copy
   */
  public RenderOptions withCancellation(IntPredicate newIsCancelled) {
    return new RenderOptions(clock, maxSteps, maxOutput, maxDepth, newIsCancelled);
  }

  private static void requirePositive(String name, long value) {
    if (value < 1) {
      throw new IllegalArgumentException(name + " must be at least 1, found " + value);
    }
  }
}
