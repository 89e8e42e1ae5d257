package io.adapt4j.kernels.internal.cpu;

import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.annotation.ByRef;
import org.bytedeco.javacpp.annotation.Cast;
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
      int from,
      int to,
      @Cast("long long") long weight,
      @Cast("long long") long bias,
      int type,
      @Cast("long long") long channels,
      int taps);

  /** Sets the position of channels of the last {@link #convolve} in its projection. */
  public native void channels(
      @Cast("long long") long from, @Cast("long long") long channel, @Cast("long long") long count);

  /** Adds gates before and after the last {@link #convolve}. */
  public native void gate(@Cast("long long") long times, @Cast("long long") long gates);

  /** Describes the heads of the next recurrence. */
  public native void heads(
      int groups,
      int heads,
      @Cast("long long") long keyDim,
      @Cast("long long") long valueDim,
      @Cast("long long") long queries,
      @Cast("long long") long keys,
      @Cast("long long") long values);

  /** Sets the positions of other parts of these heads in the projection. */
  public native void columns(
      @Cast("long long") long rates,
      @Cast("long long") long rateStride,
      @Cast("long long") long betas,
      @Cast("long long") long betaStride,
      @Cast("long long") long gates,
      @Cast("long long") long gateStride);

  /** Advances states by the gated delta rule; the output is normalized and gated. */
  public native void deltaRule(
      int projected,
      int convolved,
      int to,
      @Cast("long long") long rates,
      @Cast("long long") long added,
      int type,
      @Cast("long long") long weight,
      int weightType,
      float epsilon);

  /** Advances the states of a selective state space. */
  public native void stateSpace(
      int projected,
      int convolved,
      int to,
      @Cast("long long") long rates,
      @Cast("long long") long added,
      @Cast("long long") long through,
      int type,
      float least,
      float most);
}
