package io.adapt4j.verification.memory;

import io.adapt4j.core.exception.Adapt4jException;
import io.adapt4j.jinja.TemplateException;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.jspecify.annotations.Nullable;

/** What an operation of the public API may end in. */
final class Failures {

  private Failures() {}

  /** Code that may be refused. */
  interface Call {

    /** Does what may be refused. */
    void run() throws Exception;
  }

  /** Whether it is an exception that the library documents. */
  static boolean isExpected(Throwable failure) {
    return failure instanceof Adapt4jException
        || failure instanceof TemplateException
        || failure instanceof UncheckedIOException
        || failure instanceof IOException
        || failure instanceof IllegalArgumentException
        || (failure instanceof IllegalStateException && failure.getMessage() != null)
        || (failure instanceof NullPointerException && namesArgument(failure.getMessage()));
  }

  /** The JDK's own messages begin otherwise. */
  private static boolean namesArgument(@Nullable String message) {
    return message != null && !message.startsWith("Cannot ");
  }

  /** A word for it, in lists. */
  static String kind(Throwable failure) {
    String message = String.valueOf(failure.getMessage());
    boolean memory =
        message.contains("memory") || message.contains("bad_alloc") || message.contains("allocate");
    return failure.getClass().getSimpleName() + (memory ? " of memory" : "");
  }

  /** Runs what must be refused. */
  static void refused(String what, Call call) throws Exception {
    try {
      call.run();
    } catch (Exception | Error e) {
      if (isExpected(e)) {
        return;
      }
      throw e;
    }
    throw new AssertionError("not refused: " + what);
  }
}
