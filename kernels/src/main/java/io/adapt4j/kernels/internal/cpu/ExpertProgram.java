package io.adapt4j.kernels.internal.cpu;

import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.annotation.ByRef;
import org.bytedeco.javacpp.annotation.Cast;
import org.bytedeco.javacpp.annotation.Namespace;
import org.bytedeco.javacpp.annotation.Platform;

/**
 * The class of that name in {@code src/main/cpp/expert_program.h}: a mixture of experts in a {@link
 * StepProgram}. What is said there of arguments holds here.
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

  /** Chooses experts of a mixture for each token. */
  public native void route(
      int scores,
      int chosen,
      @Cast("bool") boolean normalized,
      @Cast("bool") boolean sigmoid,
      float scale,
      int groups,
      int groupsKept,
      @Cast("long long") long correction,
      int correctionType,
      @Cast("long long") long gains,
      int gainType);

  /**
   * Begins products of which each expert has its own. They go to a buffer with a row for each of a
   * token's experts.
   */
  public native void begin(@Cast("bool") boolean ofSlots);

  /** Says whose the products are that follow. */
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
      int expert,
      int adapter,
      @Cast("bool") boolean on,
      @Cast("long long") long a,
      @Cast("long long") long b,
      int type,
      @Cast("long long") long rank,
      @Cast("long long") long start);

  /**
   * Adds updates to the results of the products that {@link #begin} began, each for the tokens that
   * have it and have chosen the expert: y += scale * B A x.
   */
  public native void lowRank(
      int from,
      int inner,
      int to,
      @Cast("long long") long rows,
      @Cast("long long") long columns,
      float scale);

  /** Adds up what the experts of a token returned, times their weights. */
  public native void combine(int from, int to, float scale, @Cast("bool") boolean added);
}
