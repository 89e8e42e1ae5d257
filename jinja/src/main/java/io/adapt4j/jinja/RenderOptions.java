package io.adapt4j.jinja;

import java.time.Clock;
import java.time.ZoneId;
import java.util.Objects;

/**
 * What a rendering may use. Immutable; {@code with} methods give changed copies.
 *
 * @param clock the time and zone that {@code strftime_now} sees
 * @param maxSteps the most units of work, at least 1; a statement, a loop's pass and sixteen
 *     characters of a text are about one each
 * @param maxOutput the most characters or elements of the output and of any text or list, at least
 *     1
 * @param maxDepth the most calls of macros, or values inside values, that may be nested, at least
 *     1; each takes some of the thread's stack
 */
public record RenderOptions(Clock clock, long maxSteps, int maxOutput, int maxDepth) {

  private static final RenderOptions DEFAULTS =
      new RenderOptions(Clock.system(ZoneId.systemDefault()), 20_000_000, 16_777_216, 100);

  /**
   * Creates options.
   *
   * @param clock the time and zone that {@code strftime_now} sees
   * @param maxSteps the most units of work, at least 1
   * @param maxOutput the most characters or elements of a text or list, at least 1
   * @param maxDepth the deepest nesting of calls and values, at least 1
   * @throws IllegalArgumentException if a limit is below 1
   */
  public RenderOptions {
    Objects.requireNonNull(clock, "clock");
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
   * @param newClock the time and zone that {@code strftime_now} sees
   * @return the copy
   */
  public RenderOptions withClock(Clock newClock) {
    return new RenderOptions(newClock, maxSteps, maxOutput, maxDepth);
  }

  /**
   * Returns a copy with another limit of work.
   *
   * @param newMaxSteps the most units of work, at least 1
   * @return the copy
   */
  public RenderOptions withMaxSteps(long newMaxSteps) {
    return new RenderOptions(clock, newMaxSteps, maxOutput, maxDepth);
  }

  /**
   * Returns a copy with another limit of length.
   *
   * @param newMaxOutput the most characters or elements of a text or list, at least 1
   * @return the copy
   */
  public RenderOptions withMaxOutput(int newMaxOutput) {
    return new RenderOptions(clock, maxSteps, newMaxOutput, maxDepth);
  }

  /**
   * Returns a copy with another limit of nesting.
   *
   * @param newMaxDepth the deepest nesting of calls and values, at least 1
   * @return the copy
   */
  public RenderOptions withMaxDepth(int newMaxDepth) {
    return new RenderOptions(clock, maxSteps, maxOutput, newMaxDepth);
  }

  private static void requirePositive(String name, long value) {
    if (value < 1) {
      throw new IllegalArgumentException(name + " must be at least 1, found " + value);
    }
  }
}
