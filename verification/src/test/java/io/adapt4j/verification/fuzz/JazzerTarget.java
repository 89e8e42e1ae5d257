package io.adapt4j.verification.fuzz;

/** What Jazzer calls. {@link LongFuzz} starts it. */
public final class JazzerTarget {

  private static FuzzTarget target;

  private JazzerTarget() {}

  /** Takes the name of the target. */
  public static void fuzzerInitialize(String[] args) {
    target = FuzzTargets.named(args[0]);
    target.seeds().forEach(JazzerTarget::loadClasses);
  }

  /** The first reading takes long; the seeds are read again, under the contract, as inputs. */
  private static void loadClasses(byte[] seed) {
    try {
      target.reading().read(seed);
    } catch (Exception e) {
      // Whether that is a good answer is judged when it is an input.
    }
  }

  /** Reads one input. */
  public static void fuzzerTestOneInput(byte[] input) {
    target.check(input);
  }
}
