package io.adapt4j.core.internal.nn.cache;

import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.op.EightBitRows;
import java.util.Arrays;
import java.util.List;

/**
 * Contents of a layer's cache: keys and values of each token, states of constant size, or both.
 *
 * @param keyValueHeads number of key-value heads; 0 for none
 * @param keysAreValues whether values are the keys, which are then held once
 * @param isInEightBits whether keys and values are held as {@link EightBitRows}
 * @param window number of tokens that a token sees, where those before are freed; 0 if all are kept
 */
public record CacheShape(
    long keyValueHeads,
    long headDim,
    boolean keysAreValues,
    List<long[]> states,
    boolean isInEightBits,
    long window) {

  /** Number of further tokens that have room until a window is moved. */
  static final long PAGE = 256;

  /** Creates a shape whose keys and values have the type of the computation. */
  public CacheShape(long keyValueHeads, long headDim, boolean keysAreValues, List<long[]> states) {
    this(keyValueHeads, headDim, keysAreValues, states, false, 0);
  }

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

  /**
   * Returns the same contents with keys and values in 8 bits. Keys that are values too, as those of
   * latent attention, are compressed already and stay as they are.
   */
  public CacheShape inEightBits() {
    return keysAreValues || keyValueHeads == 0
        ? this
        : new CacheShape(keyValueHeads, headDim, false, states, true, window);
  }

  /** Returns the same contents without what tokens after it no longer see; 0 keeps all. */
  public CacheShape within(long window) {
    return new CacheShape(keyValueHeads, headDim, keysAreValues, states, isInEightBits, window);
  }

  /** {@return the number of tokens that have room, given the number of tokens that may be read} */
  public long tokensHeld(long capacity) {
    return window == 0 ? capacity : Math.min(capacity, window - 1 + PAGE);
  }

  /** Returns the element type of held keys and values, given that of the computation. */
  DType typeHeld(DType type) {
    return isInEightBits ? DType.U8 : type;
  }

  /** {@return the number of elements that a key takes} */
  long widthHeld() {
    return isInEightBits ? EightBitRows.width(headDim) : headDim;
  }

  /** {@return the bytes of keys and values that each token adds, given the computation's type} */
  public long bytesPerToken(DType type) {
    return (keysAreValues ? 1 : 2) * keyValueHeads * widthHeld() * typeHeld(type).bytes();
  }

  /** {@return the number of F32 values in the states of a row} */
  public long stateValues() {
    return states.stream()
        .mapToLong(sizes -> Arrays.stream(sizes).reduce(1, (x, y) -> x * y))
        .sum();
  }
}
