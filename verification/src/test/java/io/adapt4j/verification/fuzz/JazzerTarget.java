package io.adapt4j.verification.fuzz;

/** What Jazzer calls. {@link LongFuzz} starts it. */
public final class JazzerTarget {

  private static FuzzTarget target;

  private JazzerTarget() {}

  /** Takes the name of the target. */
  public static void fuzzerInitialize(String[] args) {
    target = FuzzTargets.named(args[0]);
    // The first reading loads classes, which no limit on the time of an input should count.
    target.seeds().forEach(target::check);
  }

  /** Reads one input. */
  public static void fuzzerTestOneInput(byte[] input) {
    target.check(input);
  }
}
