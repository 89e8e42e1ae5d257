package io.adapt4j.kernels.internal.cpu;

import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.annotation.ByRef;
import org.bytedeco.javacpp.annotation.Namespace;
import org.bytedeco.javacpp.annotation.Platform;

/**
 * Binding of the class in {@code src/main/cpp/sharing_program.h}: attention of a {@link
 * StepProgram} with queries in one buffer, and keys followed by values in another, with the same
 * conventions for arguments.
 */
@Platform(include = "sharing_program.h", library = "jniAdapt4jKernels")
@Namespace("adapt4j")
public final class SharingProgram extends Pointer {

  static {
    Loader.load();
  }

  /** Begins a layer. */
  public SharingProgram(
      @ByRef StepProgram program, int heads, int kvHeads, long dim, int type, int layer) {
    super((Pointer) null);
    allocate(program, heads, kvHeads, dim, type, layer);
  }

  private native void allocate(
      @ByRef StepProgram program, int heads, int kvHeads, long dim, int type, int layer);

  /** Normalizes values without a weight. */
  public native void values(int keys, boolean areKeys, float epsilon);

  /**
   * Rotates keys, and appends them and the values to the cache.
   *
   * @param table number of the rotary table, or -1
   */
  public native void append(int keys, int table, long half);

  /**
   * Rotates queries, and attends.
   *
   * @param window number of positions a token attends to, or 0 for all
   */
  public native void attend(
      int queries, int to, int table, long half, float scale, float cap, long window);
}
