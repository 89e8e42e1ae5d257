package io.adapt4j.rag.index;

import com.google.common.base.Throwables;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** Explanations of server errors, with remedies. */
record PostgresFailures(String name) {

  private static final String REPEAT =
      "; then repeat the call, as the index connects again by itself";

  /** SQL states of a server that shuts down, has crashed, or is starting. */
  private static final Set<String> DOWN = Set.of("57P01", "57P02", "57P03");

  /** SQL states of serialization failures and deadlocks. */
  private static final Set<String> CONFLICTS = Set.of("40001", "40P01");

  /** Returns an address without user names and passwords. */
  static String withoutSecrets(@Nullable String url) {
    return url == null
        ? "no address"
        : url.replaceFirst("//[^/@]*@", "//").replaceFirst("\\?.*", "");
  }

  IllegalStateException explained(Exception failure) {
    String state = "";
    boolean transientConnection = false;
    boolean interrupted = false;
    for (Throwable cause : Throwables.getCausalChain(failure)) {
      if (cause instanceof SQLException sql && sql.getSQLState() != null) {
        state = sql.getSQLState();
      }
      transientConnection |= cause instanceof SQLTransientConnectionException;
      interrupted |= cause instanceof InterruptedException;
    }
    return new IllegalStateException(
        name + ": " + meaning(state, transientConnection, interrupted) + detail(failure), failure);
  }

  private static String meaning(String state, boolean transientConnection, boolean interrupted) {
    if (interrupted) {
      return "the calling thread was interrupted while it waited for a connection; nothing was"
          + " changed and the call may be repeated";
    }
    if (state.startsWith("28")) {
      return "the server refuses this user or password; mend them";
    }
    if (state.startsWith("3D")) {
      return "the server has no such database; mend the address or create it";
    }
    if (state.startsWith("08") || DOWN.contains(state)) {
      return "the server cannot be reached or has ended the connection; see that it runs at this"
          + " address"
          + REPEAT;
    }
    if (state.equals("53100")) {
      return "the server's disk is full; free some space there" + REPEAT;
    }
    if (state.equals("53300") || (transientConnection && state.isEmpty())) {
      return "no connection is free; see that the server runs and takes as many as are used"
          + REPEAT;
    }
    if (CONFLICTS.contains(state)) {
      return "another change came between; nothing was changed, repeat the call";
    }
    return "the server refuses the call, and nothing was changed";
  }

  private static String detail(Exception failure) {
    String cause = Throwables.getRootCause(failure).getMessage();
    String message = failure.getMessage();
    boolean more = cause != null && message != null && !message.contains(cause);
    return " (" + message + (more ? ": " + cause : "") + ")";
  }
}
