package io.adapt4j.structured.internal.limit;

import java.util.concurrent.CancellationException;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Budget of one compilation: steps, states, time and cancellation. The compiling thread has a
 * current budget, which all compilations of a call share. Not thread-safe.
 */
public final class Budget {

  private static final ThreadLocal<@Nullable Budget> CURRENT = new ThreadLocal<>();

  /** Steps between two checks of the clock, a fraction of a millisecond's work. */
  private static final int STEPS_UNCHECKED = 1 << 13;

  private final long mostSteps;
  private final long mostStates;
  private final long mostNanos;
  private final int mostCharacters;
  private final BooleanSupplier cancelled;
  private final @Nullable Budget outer;
  private final long start = System.nanoTime();
  private long steps;
  private long states;
  private long checkAt;

  /** Creates a budget, optionally within another one. */
  private Budget(
      long mostSteps,
      long mostStates,
      int mostCharacters,
      long mostNanos,
      BooleanSupplier cancelled,
      @Nullable Budget outer) {
    this.mostSteps = mostSteps;
    this.mostStates = mostStates;
    this.mostCharacters = mostCharacters;
    this.mostNanos = mostNanos;
    this.cancelled = cancelled;
    this.outer = outer;
  }

  /** Runs work within limits, and within those of an enclosing call. */
  public static <T> T within(
      long steps,
      long states,
      int characters,
      long nanos,
      BooleanSupplier cancelled,
      Supplier<T> work) {
    Budget before = CURRENT.get();
    CURRENT.set(new Budget(steps, states, characters, nanos, cancelled, before));
    try {
      return work.get();
    } finally {
      if (before == null) {
        CURRENT.remove();
      } else {
        CURRENT.set(before);
      }
    }
  }

  /** Returns whether this thread has a budget. */
  public static boolean isSet() {
    return CURRENT.get() != null;
  }

  /** Returns the budget of this thread; an unlimited one if it has none. */
  public static Budget current() {
    Budget budget = CURRENT.get();
    return budget != null
        ? budget
        : new Budget(
            Long.MAX_VALUE, Long.MAX_VALUE, Integer.MAX_VALUE, Long.MAX_VALUE, () -> false, null);
  }

  /** Maximum number of characters of a schema or grammar. */
  public int characters() {
    return outer == null ? mostCharacters : Math.min(mostCharacters, outer.characters());
  }

  /** Consumes steps, each some ten nanoseconds of work. */
  public void step(long count) {
    for (Budget budget = this; budget != null; budget = budget.outer) {
      budget.steps += count;
    }
    if (steps >= checkAt) {
      check();
    }
  }

  /** Consumes states or transitions of an automaton, each some bytes. */
  public void states(long count) {
    for (Budget budget = this; budget != null; budget = budget.outer) {
      budget.states += count;
      budget.checkStates();
    }
    step(count);
  }

  private void checkStates() {
    if (states > mostStates) {
      throw new TooLargeException(
          "more than "
              + mostStates
              + " states are needed; make repetitions, lengths and lists smaller, or raise"
              + " ConstraintLimits.states");
    }
  }

  private void check() {
    checkAt = steps + STEPS_UNCHECKED;
    if (steps > mostSteps) {
      throw new TooLargeException(
          "more than "
              + mostSteps
              + " steps are needed; offer fewer alternatives and make patterns simpler, or raise"
              + " ConstraintLimits.steps");
    }
    if (System.nanoTime() - start > mostNanos) {
      throw new TooLargeException(
          "more than "
              + mostNanos / 1_000_000
              + " ms are needed; offer fewer alternatives and make patterns simpler, or raise"
              + " ConstraintLimits.time");
    }
    requireWanted();
    if (outer != null) {
      outer.check();
    }
  }

  /** Cancels work that nobody waits for. */
  public void requireWanted() {
    if (Thread.currentThread().isInterrupted() || cancelled.getAsBoolean()) {
      throw new CancellationException("compiling the constraint was cancelled");
    }
  }
}
