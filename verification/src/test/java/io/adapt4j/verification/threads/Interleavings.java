package io.adapt4j.verification.threads;

import io.adapt4j.core.SingleUseModel;
import java.util.List;
import org.jetbrains.lincheck.datastructures.ModelCheckingOptions;

/**
 * Runs operations of what threads share in many interleavings, which Lincheck chooses at accesses
 * to shared memory, and compares what they give with what they give one after the other, in some
 * order. As a program: how many scenarios of each class, and how many interleavings of each
 * scenario.
 */
public final class Interleavings {

  private static final List<Class<?>> CLASSES =
      List.of(SingleUseModel.class, AdapterSetModel.class);

  private Interleavings() {}

  /** Ends with an error where a scenario gives what no order does. */
  public static void main(String[] args) {
    for (Class<?> operations : CLASSES) {
      new ModelCheckingOptions()
          .threads(2)
          .actorsPerThread(2)
          .actorsBefore(1)
          .actorsAfter(1)
          .iterations(Integer.parseInt(args[0]))
          .invocationsPerIteration(Integer.parseInt(args[1]))
          .check(operations);
      System.out.println(operations.getSimpleName() + " is as if it had one thread");
    }
    System.exit(0);
  }
}
