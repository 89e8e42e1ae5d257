package io.adapt4j.kernels.internal.cpu;

import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.annotation.ByRef;
import org.bytedeco.javacpp.annotation.Namespace;
import org.bytedeco.javacpp.annotation.Platform;

/**
 * Binding of the class in {@code src/main/cpp/recurrent_program.h}: a recurrent layer in a {@link
 * StepProgram}, with the same conventions for arguments.
 */
@Platform(include = "recurrent_program.h", library = "jniAdapt4jKernels")
@Namespace("adapt4j")
public final class RecurrentProgram extends Pointer {

  static {
    Loader.load();
  }

  /** Begins a layer. */
  public RecurrentProgram(@ByRef StepProgram program, int layer) {
    super((Pointer) null);
    allocate(program, layer);
  }

  private native void allocate(@ByRef StepProgram program, int layer);

  /**
   * Depthwise causal convolution over tokens. Without {@link #gate}, SiLU is applied to the result.
   *
   * @param weight address of [channels, taps]
   */
  public native void convolve(
      int from, int to, long weight, long bias, int type, long channels, int taps);

  /** Sets the position of channels of the last {@link #convolve} in its projection. */
  public native void channels(long from, long channel, long count);

  /** Adds gates before and after the last {@link #convolve}. */
  public native void gate(long times, long gates);

  /** Describes the heads of the next recurrence. */
  public native void heads(
      int groups, int heads, long keyDim, long valueDim, long queries, long keys, long values);

  /** Sets the positions of other parts of these heads in the projection. */
  public native void columns(
      long rates, long rateStride, long betas, long betaStride, long gates, long gateStride);

  /** Advances states by the gated delta rule; the output is normalized and gated. */
  public native void deltaRule(
      int projected,
      int convolved,
      int to,
      long rates,
      long added,
      int type,
      long weight,
      int weightType,
      float epsilon);

  /** Advances the states of a selective state space. */
  public native void stateSpace(
      int projected,
      int convolved,
      int to,
      long rates,
      long added,
      long through,
      int type,
      float least,
      float most);
}
