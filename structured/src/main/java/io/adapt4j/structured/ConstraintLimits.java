package io.adapt4j.structured;

import io.adapt4j.structured.internal.limit.Budget;
import java.time.Duration;
import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/**
 * Limits on the cost of compiling schemas, expressions and grammars. A constraint created without
 * them has the {@link #defaults()}. For untrusted input, limits can be tightened and the work
 * cancelled:
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
 * @param characters maximum number of characters of a schema or grammar
 * @param steps maximum number of steps of work, each some ten nanoseconds; the same on every
 *     machine
 * @param states maximum number of states and transitions of automata, each about 8 bytes of memory
 * @param time maximum time
 */
public record ConstraintLimits(int characters, long steps, int states, Duration time) {

  /** Default maximum number of characters of a schema or grammar. */
  public static final int DEFAULT_CHARACTERS = 1 << 22;

  /** Default maximum number of steps, about one or two seconds of work. */
  public static final long DEFAULT_STEPS = 100_000_000;

  /** Default maximum number of states and transitions, about 32 MB. */
  public static final int DEFAULT_STATES = 4_000_000;

  /** Default maximum time, for busy machines; normally the limit on steps applies first. */
  public static final Duration DEFAULT_TIME = Duration.ofSeconds(30);

  /** Checks the limits. Throws {@link IllegalArgumentException} if one is not above 0. */
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

  /** {@return the default limits} */
  public static ConstraintLimits defaults() {
    return new ConstraintLimits(DEFAULT_CHARACTERS, DEFAULT_STEPS, DEFAULT_STATES, DEFAULT_TIME);
  }

  /**
   * Returns a copy with another limit on characters.
   *
   * @param most maximum number of characters of a schema or grammar
   * @return the copy
   */
  public ConstraintLimits withCharacters(int most) {
    return new ConstraintLimits(most, steps, states, time);
  }

  /**
   * Returns a copy with another limit on steps.
   *
   * @param most maximum number of steps of work
   * @return the copy
   */
  public ConstraintLimits withSteps(long most) {
    return new ConstraintLimits(characters, most, states, time);
  }

  /**
   * Returns a copy with another limit on states.
   *
   * @param most maximum number of states and transitions
   * @return the copy
   */
  public ConstraintLimits withStates(int most) {
    return new ConstraintLimits(characters, steps, most, time);
  }

  /**
   * Returns a copy with another time limit.
   *
   * @param longest maximum time
   * @return the copy
   */
  public ConstraintLimits withTime(Duration longest) {
    return new ConstraintLimits(characters, steps, states, longest);
  }

  /**
   * Runs work that creates constraints within these limits, which are shared by all constraints
   * that this thread creates in the call.
   *
   * @param <T> type of the result
   * @param cancelled polled by this thread, must be quick; returns true to cancel the work. An
   *     interrupt of the thread cancels it too
   * @param work creates constraints
   * @return the result
   * @throws UnsupportedConstraintException if a limit is exceeded
   * @throws CancellationException if the work is cancelled; the thread stays interrupted
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
