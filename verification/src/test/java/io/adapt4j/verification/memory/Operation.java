package io.adapt4j.verification.memory;

import java.util.Random;

/**
 * A use of the public API.
 *
 * @param name of it, in lists
 * @param weight how often it is drawn beside others
 * @param action what it does
 */
record Operation(String name, int weight, Action action) {

  /** Does something, and throws an {@link AssertionError} where what comes of it is not right. */
  interface Action {

    /** Does it; {@code random} decides with what. */
    void run(Random random) throws Exception;
  }
}
