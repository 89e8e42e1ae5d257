package io.adapt4j.kernels.internal.cpu;

import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.annotation.ByRef;
import org.bytedeco.javacpp.annotation.Cast;
import org.bytedeco.javacpp.annotation.Namespace;
import org.bytedeco.javacpp.annotation.Platform;

/**
 * The class of that name in {@code src/main/cpp/sharing_program.h}: attention of a {@link
 * StepProgram} whose queries are in one buffer, and keys with their values behind them in another.
 * What is said there of arguments holds here.
 */
@Platform(include = "sharing_program.h", library = "jniAdapt4jKernels")
@Namespace("adapt4j")
public final class SharingProgram extends Pointer {

  static {
    Loader.load();
  }

  /** Begins a layer. */
  public SharingProgram(
      @ByRef StepProgram program,
      int heads,
      int kvHeads,
      @Cast("long long") long dim,
      int type,
      int layer) {
    super((Pointer) null);
    allocate(program, heads, kvHeads, dim, type, layer);
  }

  private native void allocate(
      @ByRef StepProgram program,
      int heads,
      int kvHeads,
      @Cast("long long") long dim,
      int type,
      int layer);

  /** Normalizes values without factors. */
  public native void values(int keys, @Cast("bool") boolean areKeys, float epsilon);

  /**
   * Rotates keys, and keeps them and the values.
   *
   * @param table number of the rotary table, or -1
   */
  public native void append(int keys, int table, @Cast("long long") long half);

  /**
   * Rotates queries, and attends.
   *
   * @param window places that a token sees, or 0 for all
   */
  public native void attend(
      int queries,
      int to,
      int table,
      @Cast("long long") long half,
      float scale,
      float cap,
      @Cast("long long") long window);
}
