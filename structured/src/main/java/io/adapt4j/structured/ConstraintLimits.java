package io.adapt4j.structured;

import io.adapt4j.structured.internal.limit.Budget;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * Limits of what compiling schemas, expressions and grammars may cost. A constraint that is made
 * without them has the {@link #defaults()} for itself. Where texts come from strangers, limits can
 * be tightened, and the work stopped:
 *
 * <pre>{@code
 * TextConstraint constraint =
 *     ConstraintLimits.defaults()
 *         .withTime(Duration.ofSeconds(1))
 *         .run(() -> client.isGone(), () -> JsonSchema.parse(schema));
 * }</pre>
 *
 * <p>Immutable and thread-safe.
 *
 * @param characters the most characters of a schema or grammar
 * @param steps the most steps of work, each some ten nanoseconds; the same on every machine
 * @param states the most states and transitions of automata, each about 8 bytes of memory
 * @param time the longest time
 */
public record ConstraintLimits(int characters, long steps, int states, Duration time) {

  /** The most characters of a schema or grammar without other limits. */
  public static final int DEFAULT_CHARACTERS = 1 << 22;

  /** The most steps without other limits, about one or two seconds of work. */
  public static final long DEFAULT_STEPS = 100_000_000;

  /** The most states and transitions without other limits, about 32 MB. */
  public static final int DEFAULT_STATES = 4_000_000;

  /** The longest time without other limits: for machines that do much else; steps end it before. */
  public static final Duration DEFAULT_TIME = Duration.ofSeconds(30);

  /**
   * Creates limits.
   *
   * @param characters the most characters of a schema or grammar
   * @param steps the most steps
   * @param states the most states and transitions
   * @param time the longest time
   * @throws IllegalArgumentException if one is not above 0
   */
  public ConstraintLimits {
    require("characters", characters);
    require("steps", steps);
    require("states", states);
    if (time.isNegative() || time.isZero()) {
      throw new IllegalArgumentException("time: expected a time above 0, found " + time);
    }
  }

  private static void require(String name, long value) {
    if (value <= 0) {
      throw new IllegalArgumentException(name + ": expected a number above 0, found " + value);
    }
  }

  /** {@return the limits of a constraint that is made without others} */
  public static ConstraintLimits defaults() {
    return new ConstraintLimits(DEFAULT_CHARACTERS, DEFAULT_STEPS, DEFAULT_STATES, DEFAULT_TIME);
  }

  /**
   * Returns other limits.
   *
   * @param most the most characters of a schema or grammar
   * @return these limits with it
   */
  public ConstraintLimits withCharacters(int most) {
    return new ConstraintLimits(most, steps, states, time);
  }

  /**
   * Returns other limits.
   *
   * @param most the most steps of work
   * @return these limits with it
   */
  public ConstraintLimits withSteps(long most) {
    return new ConstraintLimits(characters, most, states, time);
  }

  /**
   * Returns other limits.
   *
   * @param most the most states and transitions
   * @return these limits with it
   */
  public ConstraintLimits withStates(int most) {
    return new ConstraintLimits(characters, steps, most, time);
  }

  /**
   * Returns other limits.
   *
   * @param longest the longest time
   * @return these limits with it
   */
  public ConstraintLimits withTime(Duration longest) {
    return new ConstraintLimits(characters, steps, states, longest);
  }

  /**
   * Makes constraints within these limits: all that are made in the call, by this thread, share
   * them.
   *
   * @param <T> what is made
   * @param cancelled asked now and then by this thread, whether the work is to be given up; must be
   *     quick. An interrupt of the thread gives it up too.
   * @param work makes constraints
   * @return what it makes
   * @throws UnsupportedConstraintException if they need more
   * @throws CancellationException if the work is given up; the thread stays interrupted
   */
  public <T> T run(BooleanSupplier cancelled, Supplier<T> work) {
    long nanos = time.toSeconds() > 1L << 32 ? Long.MAX_VALUE : time.toNanos();
    return Budget.within(
        steps,
        states,
        characters,
        nanos,
        cancelled,
        () -> {
          Budget.current().requireWanted();
          return work.get();
        });
  }
}
