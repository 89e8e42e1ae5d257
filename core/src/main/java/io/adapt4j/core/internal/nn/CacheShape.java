package io.adapt4j.core.internal.nn;

import java.util.Arrays;
import java.util.List;

/**
 * What a layer keeps of the tokens it has read: keys and values of each of them, states whose size
 * does not depend on their number, or both.
 *
 * @param keyValueHeads heads of keys and values; 0 for none
 */
public record CacheShape(long keyValueHeads, long headDim, List<long[]> states) {

  /** Keys and values alone. */
  static CacheShape of(Heads heads) {
    return new CacheShape(heads.keyValue(), heads.dim(), List.of());
  }

  /** States alone. */
  static CacheShape ofStates(List<long[]> states) {
    return new CacheShape(0, 0, states);
  }

  /** {@return whether there is a state, which cannot go back to an earlier token} */
  public boolean hasStates() {
    return !states.isEmpty();
  }

  /** {@return the values that each token adds} */
  public long valuesPerToken() {
    return 2 * keyValueHeads * headDim;
  }

  /** {@return the values of the states of a row, in F32} */
  public long stateValues() {
    return states.stream()
        .mapToLong(sizes -> Arrays.stream(sizes).reduce(1, (x, y) -> x * y))
        .sum();
  }
}
