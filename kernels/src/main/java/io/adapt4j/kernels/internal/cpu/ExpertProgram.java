package io.adapt4j.kernels.internal.cpu;

import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.annotation.ByRef;
import org.bytedeco.javacpp.annotation.Namespace;
import org.bytedeco.javacpp.annotation.Platform;

/**
 * Binding of the class in {@code src/main/cpp/expert_program.h}: a mixture of experts in a {@link
 * StepProgram}, with the same conventions for arguments.
 */
@Platform(include = "expert_program.h", library = "jniAdapt4jKernels")
@Namespace("adapt4j")
public final class ExpertProgram extends Pointer {

  static {
    Loader.load();
  }

  /** Begins a mixture. */
  public ExpertProgram(@ByRef StepProgram program) {
    super((Pointer) null);
    allocate(program);
  }

  private native void allocate(@ByRef StepProgram program);

  /** Routes each token to experts. */
  public native void route(
      int scores,
      int chosen,
      boolean normalized,
      boolean sigmoid,
      float epsilon,
      float scale,
      int groups,
      int groupsKept,
      long correction,
      int correctionType,
      long gains,
      int gainType);

  /** Routes each token to experts chosen one after another. */
  public native void routeOneByOne(int scores, int chosen, float tolerance);

  /**
   * Begins products with separate weights per expert. They go to a buffer with a row for each of a
   * token's experts.
   */
  public native void begin(boolean ofSlots);

  /** Sets the expert of the following products. */
  public native void expert(int index);

  /** Ends what {@link #begin} began. */
  public native void end();

  /**
   * Adds an update B A of an adapter to the next {@link #lowRank}.
   *
   * @param a address of A [rank, columns]
   * @param b address of B [rows, rank]
   */
  public native void lowRankTerm(
      int expert, int adapter, boolean on, long a, long b, int type, long rank, long start);

  /**
   * Adds updates to the results of the products since {@link #begin}, each for the tokens that use
   * the adapter and the expert: y += scale * B A x.
   */
  public native void lowRank(int from, int inner, int to, long rows, long columns, float scale);

  /** Copies the inputs of experts that return them: the first such one and all after it. */
  public native void returnInput(int first, int from, int to);

  /** Computes the weighted sum of the experts' outputs of each token. */
  public native void combine(int from, int to, float scale, boolean added);
}
