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
 * The class of that name in {@code src/main/cpp/step_program.h}. Nothing is checked here: wrong
 * sizes, addresses or a closed program end the process. Types are 0 F32, 1 F16, 2 BF16; addresses
 * may be 0 where something is left out.
 */
@Platform(include = "step_program.h", library = "jniAdapt4jKernels")
@Namespace("adapt4j")
public final class StepProgram extends Pointer {

  static {
    Loader.load();
  }

  /**
   * Makes a program without operators.
   *
   * @param variant one that the processor has
   * @param threads at least 1
   * @param maxTokens most tokens of a step
   * @param maxOutputs most of them whose logits are wanted
   */
  public StepProgram(int variant, int threads, int maxTokens, int maxOutputs) {
    super((Pointer) null);
    allocate(variant, threads, maxTokens, maxOutputs);
  }

  private native void allocate(int variant, int threads, int maxTokens, int maxOutputs);

  /**
   * Adds a buffer.
   *
   * @param width fp32 entries a token, or an output after {@link #gather}
   * @return its number
   */
  public native int buffer(@Cast("long long") long width);

  /**
   * Adds a buffer with several rows a token, which operators between two such work on.
   *
   * @param width fp32 entries a row
   * @param rows of each token
   * @return its number
   */
  public native int buffer(@Cast("long long") long width, int rows);

  /**
   * Looks tokens up.
   *
   * @param to buffer
   * @param rows address of the table, as wide as the buffer
   * @param type of both tables
   * @param factor multiplies its rows
   * @param positions address of a table of learned positions, or 0
   */
  public native void embed(
      int to,
      @Cast("long long") long rows,
      int type,
      float factor,
      @Cast("long long") long positions);

  /**
   * Normalizes segments.
   *
   * @param from buffer
   * @param to buffer, the same or another
   * @param start of the first segment in both
   * @param width of a segment
   * @param stride from one segment to the next
   * @param segments how many
   * @param centered whether the mean is taken off first
   * @param weight address
   * @param bias address or 0
   * @param type of weight and bias
   * @param offset added to the weight
   * @param epsilon added to the mean square
   */
  public native void norm(
      int from,
      int to,
      @Cast("long long") long start,
      @Cast("long long") long width,
      @Cast("long long") long stride,
      int segments,
      @Cast("bool") boolean centered,
      @Cast("long long") long weight,
      @Cast("long long") long bias,
      int type,
      float offset,
      float epsilon);

  /**
   * Multiplies: y = scale (W x + b), or that added to y.
   *
   * @param from buffer of x
   * @param fromStart where x begins in its rows
   * @param to buffer of y
   * @param toStart where y begins in its rows
   * @param weight address of W [rows, columns]
   * @param type of W
   * @param rows outputs
   * @param columns inputs
   * @param bias address or 0
   * @param biasType its type
   * @param scale multiplies the sum
   * @param added whether y is added to
   */
  public native void product(
      int from,
      @Cast("long long") long fromStart,
      int to,
      @Cast("long long") long toStart,
      @Cast("long long") long weight,
      int type,
      @Cast("long long") long rows,
      @Cast("long long") long columns,
      @Cast("long long") long bias,
      int biasType,
      float scale,
      @Cast("bool") boolean added);

  /**
   * Adds an update B A of an adapter to the next {@link #lowRank}.
   *
   * @param adapter its number
   * @param on whether tokens that name no adapter have it too
   * @param a address of A [rank, columns]
   * @param b address of B [rows, rank]
   * @param type of both
   * @param rank rows of A
   * @param start where A x begins in the inner buffer's rows
   */
  public native void lowRankTerm(
      int adapter,
      @Cast("bool") boolean on,
      @Cast("long long") long a,
      @Cast("long long") long b,
      int type,
      @Cast("long long") long rank,
      @Cast("long long") long start);

  /**
   * Adds updates, each for the tokens that have it: y += scale * B A x.
   *
   * @param from buffer of x
   * @param inner buffer of A x
   * @param to buffer of y
   * @param rows outputs
   * @param columns inputs
   * @param scale multiplies the sum
   */
  public native void lowRank(
      int from,
      int inner,
      int to,
      @Cast("long long") long rows,
      @Cast("long long") long columns,
      float scale);

  /**
   * Multiplies with a 4-bit weight whose rows are whole groups of 64.
   *
   * @param from buffer of x
   * @param to buffer of y
   * @param toStart where y begins in its rows
   * @param weight outlives the program
   * @param tokenType what x is rounded to: 0 or 2
   * @param rounded whether it is rounded to 8 bits instead, in blocks of 32
   * @param bias address or 0
   * @param biasType its type
   * @param scale multiplies the sum
   * @param added whether y is added to
   */
  public native void fourBitProduct(
      int from,
      int to,
      @Cast("long long") long toStart,
      @Const @ByRef FourBitWeight weight,
      int tokenType,
      @Cast("bool") boolean rounded,
      @Cast("long long") long bias,
      int biasType,
      float scale,
      @Cast("bool") boolean added);

  /**
   * Multiplies with a weight in 8 bits.
   *
   * @param from buffer of x
   * @param to buffer of y
   * @param toStart where y begins in its rows
   * @param tiles address of what {@link Int8Weight#quantize} made
   * @param rows outputs
   * @param columns inputs
   * @param bias address or 0
   * @param biasType its type
   * @param scale multiplies the sum
   * @param added whether y is added to
   */
  public native void int8Product(
      int from,
      int to,
      @Cast("long long") long toStart,
      @Cast("long long") long tiles,
      @Cast("long long") long rows,
      @Cast("long long") long columns,
      @Cast("long long") long bias,
      int biasType,
      float scale,
      @Cast("bool") boolean added);

  /**
   * Multiplies with a weight in the blocks of a GGUF file.
   *
   * @param from buffer of x
   * @param to buffer of y
   * @param toStart where y begins in its rows
   * @param id number of the blocks' type
   * @param rounded whether x is rounded to 8 bits, in blocks of 32
   * @param tiles address of what {@link BlockWeight#arrange} made
   * @param rows outputs
   * @param columns inputs
   * @param bias address or 0
   * @param biasType its type
   * @param scale multiplies the sum
   * @param added whether y is added to
   */
  public native void blockProduct(
      int from,
      int to,
      @Cast("long long") long toStart,
      int id,
      @Cast("bool") boolean rounded,
      @Cast("long long") long tiles,
      @Cast("long long") long rows,
      @Cast("long long") long columns,
      @Cast("long long") long bias,
      int biasType,
      float scale,
      @Cast("bool") boolean added);

  /**
   * Says where the heads of the next {@link #attend} are.
   *
   * @param heads query heads
   * @param kvHeads key and value heads
   * @param dim entries a head
   * @param interleaved whether the queries of a key, the key and its value stand side by side
   * @param gated whether a gate follows each query
   * @param pairs whether neighbors are turned
   * @param type of keys and values
   * @param layer its number
   */
  public native void heads(
      int heads,
      int kvHeads,
      @Cast("long long") long dim,
      @Cast("bool") boolean interleaved,
      @Cast("bool") boolean gated,
      @Cast("bool") boolean pairs,
      int type,
      int layer);

  /**
   * Says where keys and values of a row are. Called after the program is complete, for every row
   * before it is in a step: for its first part, then for further ones.
   *
   * @param row at least 0
   * @param start the part's first place; 0 replaces what the row had, others go on from it
   * @param layers how many
   * @param addresses of the keys of each layer [kvHeads, capacity, dim], then of the values of
   *     each; 0 where there are none
   * @param capacity places of the part, of which those before the next part are used
   */
  public native void place(
      int row,
      @Cast("long long") long start,
      int layers,
      @Cast("const long long*") long[] addresses,
      @Cast("long long") long capacity);

  /**
   * Says where the states of a row are that has been placed.
   *
   * @param row at least 0
   * @param layers how many
   * @param addresses of the tail of each layer's convolution, then of each layer's state; 0 where
   *     there is none
   */
  public native void keep(int row, int layers, @Cast("const long long*") long[] addresses);

  /**
   * Rotates queries and keys, where something comes between that and {@link #attend}.
   *
   * @param from buffer of the joined projection
   * @param queryTable number of the rotary table of queries
   * @param table of that of keys
   * @param half frequencies in each
   */
  public native void rotate(int from, int queryTable, int table, @Cast("long long") long half);

  /**
   * Rotates queries and keys, keeps keys and values, and attends.
   *
   * @param from buffer of the joined projection
   * @param to buffer of the joined heads
   * @param queryTable number of the rotary table of queries, or -1
   * @param table of that of keys, or -1
   * @param half frequencies in each
   * @param scale multiplies scores
   * @param cap soft cap of scores, or 0
   * @param window places that a token sees, or 0 for all
   * @param sinks address of one more score for each head, or 0
   * @param sinkType their type
   */
  public native void attend(
      int from,
      int to,
      int queryTable,
      int table,
      @Cast("long long") long half,
      float scale,
      float cap,
      @Cast("long long") long window,
      @Cast("long long") long sinks,
      int sinkType);

  /**
   * Applies an activation: y = gain f(x), times what stands beside x where that is gated.
   *
   * @param kind its number
   * @param from buffer
   * @param to buffer; its width says how much of x is activated
   * @param gain multiplies
   * @param gated whether the second half of x multiplies too
   */
  public native void activate(int kind, int from, int to, float gain, @Cast("bool") boolean gated);

  /**
   * Applies (up + 1) gate sigmoid(alpha gate) to neighbors, gate and up.
   *
   * @param from buffer
   * @param to buffer of half its width
   * @param alpha of the sigmoid
   * @param limit what the gate is at most, and up in magnitude
   */
  public native void clampedGated(int from, int to, float alpha, float limit);

  /**
   * Applies xIELU: above x x + x / 2 over 0, steep (e^x - 1 - x) + x / 2 below.
   *
   * @param from buffer
   * @param to buffer of the same width
   * @param above of the parabola
   * @param steep of the exponential
   */
  public native void learned(int from, int to, float above, float steep);

  /**
   * Multiplies segments by an activation of others.
   *
   * @param kind the activation's number; 6 for the sigmoid
   * @param gates buffer
   * @param start of the first segment in it
   * @param stride from one segment to the next
   * @param to buffer of segments side by side
   * @param width of a segment
   */
  public native void gate(
      int kind,
      int gates,
      @Cast("long long") long start,
      @Cast("long long") long stride,
      int to,
      @Cast("long long") long width);

  /**
   * Multiplies columns: y = factor x.
   *
   * @param from buffer of x
   * @param to buffer of y, the same or another
   * @param start first column in both
   * @param width how many
   * @param factor multiplies x
   */
  public native void scale(
      int from, int to, @Cast("long long") long start, @Cast("long long") long width, float factor);

  /**
   * Adds: y += factor x.
   *
   * @param from buffer of x
   * @param to buffer of y
   * @param factor multiplies x
   * @param gates buffer of a number a token whose sigmoid multiplies x too, or -1
   */
  public native void add(int from, int to, float factor, int gates);

  /**
   * Collects the tokens whose logits are wanted; what follows works on these alone.
   *
   * @param from buffer
   * @param to buffer of the same width
   */
  public native void gather(int from, int to);

  /**
   * Finds the likeliest token of each output.
   *
   * @param from buffer of logits
   */
  public native void likeliest(int from);

  /**
   * Runs a step.
   *
   * @param tokens how many
   * @param of for each token its id; then for each its row, place, first place, position, and
   *     adapter or -1
   * @param outputs how many are asked for
   * @param outputOf indexes of the tokens that are
   * @param tables rotary tables
   * @param halves frequencies of each
   * @param turns for each table the cosines of all tokens, then the sines
   * @param likeliest takes an id for each output; -1 where a logit is not finite
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

  /**
   * Sets whether runs are timed.
   *
   * @param on whether they are
   */
  public native void timed(@Cast("bool") boolean on);

  /**
   * Returns the number of operators.
   *
   * @return how many there are
   */
  public native int operators();

  /**
   * Returns what an operator is called.
   *
   * @param index its index
   * @return a constant string
   */
  public native @Cast("const char*") BytePointer name(int index);

  /**
   * Returns how long an operator took in the last timed run.
   *
   * @param index its index
   * @return nanoseconds
   */
  public native @Cast("long long") long nanos(int index);

  /**
   * Reads a token's entries.
   *
   * @param buffer its number
   * @param token index of the row
   * @param to direct, takes the width of the buffer
   */
  public native void read(int buffer, int token, FloatBuffer to);
}
