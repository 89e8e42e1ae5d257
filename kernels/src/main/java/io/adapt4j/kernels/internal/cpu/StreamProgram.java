package io.adapt4j.kernels.internal.cpu;

import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.annotation.ByRef;
import org.bytedeco.javacpp.annotation.Const;
import org.bytedeco.javacpp.annotation.Namespace;
import org.bytedeco.javacpp.annotation.Platform;

/**
 * Binding of the class in {@code src/main/cpp/stream_program.h}: several residual streams of a
 * {@link StepProgram}, and per-layer inputs, with the same conventions for arguments.
 */
@Platform(include = "stream_program.h", library = "jniAdapt4jKernels")
@Namespace("adapt4j")
public final class StreamProgram extends Pointer {

  static {
    Loader.load();
  }

  /** Begins the streams. */
  public StreamProgram(@ByRef StepProgram program) {
    super((Pointer) null);
    allocate(program);
  }

  private native void allocate(@ByRef StepProgram program);

  /** Looks up tokens in a table that may have fewer rows than the vocabulary. */
  public native void embed(int to, long rows, int type, long count, float factor);

  /** Multiplies columns by an activation: y = f(gates) x. */
  public native void gate(int kind, int gates, int from, long start, int to);

  /**
   * Restricts the following operators to tokens whose logits are requested. Call it at most once,
   * and only if no later operator writes to the cache.
   */
  public native void wanted(int count, @Const int[] from, @Const int[] to);

  /**
   * Adds a mixture of all streams to each: y of stream j = x of j + the sum over i of c x of i,
   * where c is the coefficient of number j streams + i.
   */
  public native void mix(int streams, @Const int[] from, int coefficients, @Const int[] to);

  /** Corrects streams: y of stream j = x of j + (1 + c of j) (worked - x of the active one). */
  public native void correct(
      int streams, @Const int[] from, int worked, int coefficients, int active, @Const int[] to);

  /** Rescales y to the root mean square of another vector. */
  public native void match(int other, float epsilon, int to);

  /** Replaces values by their excess over mean + quantile deviation, or by 0. */
  public native void above(int x, long width, float quantile);

  /** Multiplies elementwise by factors. */
  public native void times(int from, long factors, int type, int to);
}
