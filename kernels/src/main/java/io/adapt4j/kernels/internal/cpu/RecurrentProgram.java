package io.adapt4j.kernels.internal.cpu;

import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.annotation.ByRef;
import org.bytedeco.javacpp.annotation.Cast;
import org.bytedeco.javacpp.annotation.Namespace;
import org.bytedeco.javacpp.annotation.Platform;

/**
 * The class of that name in {@code src/main/cpp/recurrent_program.h}: a layer with a state in a
 * {@link StepProgram}. What is said there of arguments holds here.
 */
@Platform(include = "recurrent_program.h", library = "jniAdapt4jKernels")
@Namespace("adapt4j")
public final class RecurrentProgram extends Pointer {

  static {
    Loader.load();
  }

  /**
   * Begins a layer.
   *
   * @param program what it is added to
   * @param layer its number
   */
  public RecurrentProgram(@ByRef StepProgram program, int layer) {
    super((Pointer) null);
    allocate(program, layer);
  }

  private native void allocate(@ByRef StepProgram program, int layer);

  /**
   * Convolves channels with those of earlier tokens, each by itself. Without {@link #gate} SiLU is
   * applied to what comes out.
   *
   * @param from buffer of the projection
   * @param to buffer of the channels
   * @param weight address of [channels, taps]
   * @param bias address or 0
   * @param type of both
   * @param channels how many
   * @param taps tokens that it sees
   */
  public native void convolve(
      int from,
      int to,
      @Cast("long long") long weight,
      @Cast("long long") long bias,
      int type,
      @Cast("long long") long channels,
      int taps);

  /**
   * Says where channels of the last {@link #convolve} are in its projection.
   *
   * @param from the first one's column
   * @param channel the first one's number
   * @param count how many
   */
  public native void channels(
      @Cast("long long") long from, @Cast("long long") long channel, @Cast("long long") long count);

  /**
   * Puts the last {@link #convolve} between gates.
   *
   * @param times first of the columns that the channels are multiplied by
   * @param gates first of the columns that multiply what comes out
   */
  public native void gate(@Cast("long long") long times, @Cast("long long") long gates);

  /**
   * Describes the heads of the next recurrence.
   *
   * @param groups which share keys and queries
   * @param heads in all groups together
   * @param keyDim entries of a key
   * @param valueDim entries of a value
   * @param queries first of their columns among what was convolved
   * @param keys likewise
   * @param values likewise
   */
  public native void heads(
      int groups,
      int heads,
      @Cast("long long") long keyDim,
      @Cast("long long") long valueDim,
      @Cast("long long") long queries,
      @Cast("long long") long keys,
      @Cast("long long") long values);

  /**
   * Says where other parts of these heads are in the projection.
   *
   * @param rates first column of what the decay is made of
   * @param rateStride from one group of heads to the next
   * @param betas of a delta rule, likewise
   * @param betaStride likewise
   * @param gates of a delta rule, likewise
   * @param gateStride likewise
   */
  public native void columns(
      @Cast("long long") long rates,
      @Cast("long long") long rateStride,
      @Cast("long long") long betas,
      @Cast("long long") long betaStride,
      @Cast("long long") long gates,
      @Cast("long long") long gateStride);

  /**
   * Advances states by the gated delta rule; what comes out is normalized and gated.
   *
   * @param projected buffer of the projection
   * @param convolved buffer of queries, keys and values
   * @param to buffer
   * @param rates address of logarithms, one a head
   * @param added address of what is added to steps, one a head
   * @param type of both
   * @param weight address of the norm's weight, one a value
   * @param weightType its type
   * @param epsilon added to the mean square
   */
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

  /**
   * Advances the states of a selective state space.
   *
   * @param projected buffer of the projection
   * @param convolved buffer of queries, keys and values
   * @param to buffer
   * @param rates address of logarithms, one a head
   * @param added address of what is added to steps, one a head
   * @param through address of how much of a value goes by the state, one a head
   * @param type of these
   * @param least the shortest step
   * @param most the longest one
   */
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
