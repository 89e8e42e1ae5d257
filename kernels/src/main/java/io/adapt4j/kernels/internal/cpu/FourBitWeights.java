package io.adapt4j.kernels.internal.cpu;

import java.nio.ByteBuffer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.annotation.ByRef;
import org.bytedeco.javacpp.annotation.Cast;
import org.bytedeco.javacpp.annotation.Const;
import org.bytedeco.javacpp.annotation.Namespace;
import org.bytedeco.javacpp.annotation.Platform;

/**
 * Binding of the class in {@code src/main/cpp/four_bit_weight.h}: weights of one input, multiplied
 * together. Nothing is checked, as in {@link FourBitWeight}.
 */
@Platform(include = "four_bit_weight.h", library = "jniAdapt4jKernels")
@Namespace("adapt4j")
public final class FourBitWeights extends Pointer {

  static {
    Loader.load();
  }

  /** Creates an empty list. */
  public FourBitWeights() {
    super((Pointer) null);
    allocate();
  }

  private native void allocate();

  /** Adds a weight. */
  public native void add(@Const @ByRef FourBitWeight weight, long first);

  /**
   * Computes y = x W' for every weight.
   *
   * @param x direct, [tokens, columns]
   * @param y direct, [tokens, outputs]
   */
  public native void multiply(
      @Cast("const void*") ByteBuffer x,
      long tokens,
      int type,
      @Cast("void*") ByteBuffer y,
      long outputs,
      int threads);
}
