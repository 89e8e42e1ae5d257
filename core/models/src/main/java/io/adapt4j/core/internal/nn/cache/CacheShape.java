package io.adapt4j.core.internal.nn.cache;

import java.util.Arrays;
import java.util.List;

/**
 * Contents of a layer's cache: keys and values of each token, states of constant size, or both.
 *
 * @param keyValueHeads number of key-value heads; 0 for none
 * @param keysAreValues whether values are the keys, which are then held once
 */
public record CacheShape(
    long keyValueHeads, long headDim, boolean keysAreValues, List<long[]> states) {

  /** Creates a shape with keys and values only. */
  public static CacheShape of(Heads heads) {
    return new CacheShape(heads.keyValue(), heads.dim(), false, List.of());
  }

  /** Creates a shape with one vector a token, which is both its key and its value. */
  public static CacheShape ofLatent(long width) {
    return new CacheShape(1, width, true, List.of());
  }

  /** Creates a shape with states only. */
  public static CacheShape ofStates(List<long[]> states) {
    return new CacheShape(0, 0, false, states);
  }

  /** {@return whether there is a state, which cannot be rolled back to an earlier token} */
  public boolean hasStates() {
    return !states.isEmpty();
  }

  /** {@return the number of values that each token adds} */
  public long valuesPerToken() {
    return (keysAreValues ? 1 : 2) * keyValueHeads * headDim;
  }

  /** {@return the number of F32 values in the states of a row} */
  public long stateValues() {
    return states.stream()
        .mapToLong(sizes -> Arrays.stream(sizes).reduce(1, (x, y) -> x * y))
        .sum();
  }
}
