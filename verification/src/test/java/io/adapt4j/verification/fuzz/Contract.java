package io.adapt4j.verification.fuzz;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;

/**
 * What every reader of outside bytes promises: it returns, or it throws an exception that one of
 * our classes made, with a message, within a bounded time. A {@code NullPointerException} or an
 * {@code ArrayIndexOutOfBoundsException} is never an answer, an {@code Error} neither.
 */
final class Contract {

  /** What one input may cost. Small inputs take microseconds; a busy machine takes its time. */
  private static final long MOST_SECONDS = 20;

  private Contract() {}

  /** Something that reads. */
  interface Reading {

    /** Reads. */
    void run() throws Exception;
  }

  /** Runs a reading under the contract. */
  static void keeps(Reading reading) {
    long start = System.nanoTime();
    try {
      reading.run();
    } catch (IOException | UncheckedIOException e) {
      requireMessage(e);
    } catch (RuntimeException e) {
      requireOurs(e);
      requireMessage(e);
    } catch (Exception e) {
      throw new AssertionError("a checked exception that is no answer", e);
    }
    long seconds = TimeUnit.NANOSECONDS.toSeconds(System.nanoTime() - start);
    if (seconds > MOST_SECONDS) {
      throw new AssertionError("took " + seconds + " s");
    }
  }

  private static void requireOurs(RuntimeException e) {
    boolean named = e.getClass().getName().startsWith("io.adapt4j.");
    boolean thrownByUs =
        (e instanceof IllegalArgumentException || e instanceof IllegalStateException)
            && Arrays.stream(e.getStackTrace())
                .limit(1)
                .anyMatch(frame -> frame.getClassName().startsWith("io.adapt4j."));
    if (!named && !thrownByUs) {
      throw new AssertionError("an exception that says nothing to a user: " + e, e);
    }
  }

  private static void requireMessage(Exception e) {
    if (e.getMessage() == null || e.getMessage().isBlank()) {
      throw new AssertionError("an exception without a message", e);
    }
  }
}
