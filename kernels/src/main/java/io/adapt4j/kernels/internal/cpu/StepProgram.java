package io.adapt4j.kernels.internal.cpu;

import java.nio.FloatBuffer;
import org.bytedeco.javacpp.BytePointer;
import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.annotation.ByRef;
import org.bytedeco.javacpp.annotation.Cast;
import org.bytedeco.javacpp.annotation.Const;
import org.bytedeco.javacpp.annotation.Namespace;
import org.bytedeco.javacpp.annotation.Platform;

/**
 * Binding of the class in {@code src/main/cpp/step_program.h}. Nothing is checked: wrong sizes,
 * addresses or a closed program crash the process. Types are 0 F32, 1 F16, 2 BF16; the address of
 * an omitted tensor is 0.
 */
@Platform(include = "step_program.h", library = "jniAdapt4jKernels")
@Namespace("adapt4j")
public final class StepProgram extends Pointer {

  static {
    Loader.load();
  }

  /** Creates an empty program. */
  public StepProgram(int variant, int threads, int maxTokens, int maxOutputs) {
    super((Pointer) null);
    allocate(variant, threads, maxTokens, maxOutputs);
  }

  private native void allocate(int variant, int threads, int maxTokens, int maxOutputs);

  /** Adds a buffer. */
  public native int buffer(long width);

  /**
   * Adds a buffer with several rows per token; operators between two such buffers work on every
   * row.
   */
  public native int buffer(long width, int rows);

  /** Looks up token embeddings. */
  public native void embed(int to, long rows, int type, float factor, long positions);

  /** Normalizes segments. */
  public native void norm(
      int from,
      int to,
      long start,
      long width,
      long stride,
      int segments,
      boolean centered,
      long weight,
      long bias,
      int type,
      float offset,
      float epsilon);

  /**
   * Multiplies: y = scale (W x + b), or that added to y.
   *
   * @param weight address of W [rows, columns]
   */
  public native void product(
      int from,
      long fromStart,
      int to,
      long toStart,
      long weight,
      int type,
      long rows,
      long columns,
      long bias,
      int biasType,
      float scale,
      boolean added);

  /**
   * Adds an update B A of an adapter to the next {@link #lowRank}.
   *
   * @param a address of A [rank, columns]
   * @param b address of B [rows, rank]
   */
  public native void lowRankTerm(
      int adapter, boolean on, long a, long b, int type, long rank, long start);

  /** Adds updates, each for the tokens that have it: y += scale * B A x. */
  public native void lowRank(int from, int inner, int to, long rows, long columns, float scale);

  /** Multiplies with a 4-bit weight whose rows are whole groups of 64. */
  public native void fourBitProduct(
      int from,
      int to,
      long toStart,
      @Const @ByRef FourBitWeight weight,
      int tokenType,
      long bias,
      int biasType,
      float scale,
      boolean added);

  /** Multiplies with a weight in 8 bits. */
  public native void int8Product(
      int from,
      int to,
      long toStart,
      long tiles,
      long rows,
      long columns,
      long bias,
      int biasType,
      float scale,
      boolean added);

  /** Multiplies with a weight in the blocks of a GGUF file. */
  public native void blockProduct(
      int from,
      int to,
      long toStart,
      int id,
      boolean rounded,
      long tiles,
      long rows,
      long columns,
      long bias,
      int biasType,
      float scale,
      boolean added);

  /** Sets the head layout of the next {@link #attend}. */
  public native void heads(
      int heads,
      int kvHeads,
      long dim,
      boolean interleaved,
      boolean gated,
      boolean pairs,
      int type,
      int layer);

  /**
   * Sets the addresses of a row's key-value cache. Call it once the program is complete, before a
   * row takes part in a step: for its first part, then for further ones.
   *
   * @param addresses keys of each layer [kvHeads, capacity, dim], then values of each, 0 if none;
   *     then capacity and first place of each layer
   */
  public native void place(
      int row, long start, int layers, @Cast("const long long*") long[] addresses);

  /**
   * Sets the addresses of a placed row's recurrent states.
   *
   * @param addresses convolution tail of each layer, then state of each layer; 0 if none
   */
  public native void keep(int row, int layers, @Cast("const long long*") long[] addresses);

  /** Rotates queries and keys, if another operator comes before {@link #attend}. */
  public native void rotate(int from, int queryTable, int table, long half);

  /**
   * Rotates queries and keys, appends keys and values to the cache, and attends.
   *
   * @param queryTable number of the rotary table of queries, or -1
   * @param table number of the rotary table of keys, or -1
   * @param window number of positions a token attends to, or 0 for all
   */
  public native void attend(
      int from,
      int to,
      int queryTable,
      int table,
      long half,
      float scale,
      float cap,
      long window,
      long sinks,
      int sinkType);

  /** Applies an activation: y = gain f(x), multiplied by the adjacent up projection if gated. */
  public native void activate(int kind, int from, int to, float gain, boolean gated);

  /** Applies (up + 1) gate sigmoid(alpha gate) to interleaved gate and up. */
  public native void clampedGated(int from, int to, float alpha, float limit);

  /** Applies xIELU: above x x + x / 2 for positive x, steep (e^x - 1 - x) + x / 2 otherwise. */
  public native void learned(int from, int to, float above, float steep);

  /** Multiplies segments by an activation of others. */
  public native void gate(int kind, int gates, long start, long stride, int to, long width);

  /** Multiplies columns: y = factor x. */
  public native void scale(int from, int to, long start, long width, float factor);

  /**
   * Adds: y += factor x.
   *
   * @param gates buffer with one number per token, whose sigmoid also multiplies x, or -1
   */
  public native void add(int from, int to, float factor, int gates);

  /** Runs the following operators only in steps in which a token sees more than some places. */
  public native void beyond(long places);

  /** Gathers the tokens whose logits are requested; subsequent operators work on these only. */
  public native void gather(int from, int to);

  /** Finds the most likely token of each output. */
  public native void likeliest(int from);

  /**
   * Runs a step.
   *
   * @param of the id of each token; then for each its row, place, first place, position, and
   *     adapter or -1
   * @param likeliest receives an id for each output; -1 if a logit is not finite
   */
  public native void run(
      int tokens,
      @Const int[] of,
      int outputs,
      @Const int[] outputOf,
      int tables,
      @Const int[] halves,
      @Const float[] turns,
      int[] likeliest);

  /** Sets whether runs are timed. */
  public native void timed(boolean on);

  /** Returns the number of operators. */
  public native int operators();

  /** Returns the name of an operator. */
  public native @Cast("const char*") BytePointer name(int index);

  /** Returns the duration of an operator in the last timed run: nanoseconds. */
  public native long nanos(int index);

  /** Reads a token's entries. */
  public native void read(int buffer, int token, FloatBuffer to);
}
