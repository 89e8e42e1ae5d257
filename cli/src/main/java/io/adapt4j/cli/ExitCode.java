package io.adapt4j.cli;

/** How a command ended. */
final class ExitCode {

  /** All is well. */
  static final int OK = 0;

  /** Something was found: data with errors, a repeated run with other losses, a broken set-up. */
  static final int FINDINGS = 1;

  /** The command line, the description or a file that it names cannot be used. */
  static final int USAGE = 2;

  /** The run began and failed. */
  static final int FAILED = 3;

  /** Interrupted (Ctrl-C): what was done is saved. The JVM itself ends with it. */
  static final int INTERRUPTED = 130;

  private ExitCode() {}
}
