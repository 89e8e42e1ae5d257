package io.adapt4j.cli;

/** Exit codes of commands. */
final class ExitCode {

  /** Success. */
  static final int OK = 0;

  /** Findings: data with errors, a repeated run with different losses, a broken setup. */
  static final int FINDINGS = 1;

  /** Unusable command line, description or file named in it. */
  static final int USAGE = 2;

  /** The run started and failed. */
  static final int FAILED = 3;

  /** Interrupted (Ctrl-C), with progress saved; also the JVM's own exit code. */
  static final int INTERRUPTED = 130;

  private ExitCode() {}
}
