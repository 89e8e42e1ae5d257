package io.adapt4j.kernels.internal.cpu;

import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.annotation.ByRef;
import org.bytedeco.javacpp.annotation.Cast;
import org.bytedeco.javacpp.annotation.Namespace;
import org.bytedeco.javacpp.annotation.Platform;

/**
 * The class of that name in {@code src/main/cpp/stream_program.h}: what layers of a {@link
 * StepProgram} read besides the residual stream. What is said there of arguments holds here.
 */
@Platform(include = "stream_program.h", library = "jniAdapt4jKernels")
@Namespace("adapt4j")
public final class StreamProgram extends Pointer {

  static {
    Loader.load();
  }

  /**
   * Begins them.
   *
   * @param program what they are added to
   */
  public StreamProgram(@ByRef StepProgram program) {
    super((Pointer) null);
    allocate(program);
  }

  private native void allocate(@ByRef StepProgram program);

  /**
   * Looks tokens up in a table that may have fewer rows than there are tokens.
   *
   * @param to buffer
   * @param rows address of the table, as wide as the buffer
   * @param type of it
   * @param count its rows; tokens beyond get the first
   * @param factor multiplies rows
   */
  public native void embed(
      int to,
      @Cast("long long") long rows,
      int type,
      @Cast("long long") long count,
      float factor);

  /**
   * Multiplies columns by an activation: y = f(gates) x.
   *
   * @param kind the activation's number
   * @param gates buffer as wide as y
   * @param from buffer of x
   * @param start where x begins in its rows
   * @param to buffer of y
   */
  public native void gate(
      int kind, int gates, int from, @Cast("long long") long start, int to);
}
