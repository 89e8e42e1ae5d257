package io.adapt4j.kernels.internal.cpu;

import org.bytedeco.javacpp.Loader;
import org.bytedeco.javacpp.Pointer;
import org.bytedeco.javacpp.annotation.ByRef;
import org.bytedeco.javacpp.annotation.Namespace;
import org.bytedeco.javacpp.annotation.Platform;

/**
 * Binding of the class in {@code src/main/cpp/latent_program.h}: multi-head latent attention of a
 * {@link StepProgram}, with the same conventions for arguments.
 */
@Platform(include = "latent_program.h", library = "jniAdapt4jKernels")
@Namespace("adapt4j")
public final class LatentProgram extends Pointer {

  static {
    Loader.load();
  }

  /**
   * Begins the attention of a layer.
   *
   * @param weight address of [heads, plain + value, rank]: projection to keys and values
   */
  public LatentProgram(
      @ByRef StepProgram program,
      long weight,
      int type,
      int heads,
      long rank,
      long plain,
      long rotated,
      long value) {
    super((Pointer) null);
    allocate(program, weight, type, heads, rank, plain, rotated, value);
  }

  private native void allocate(
      @ByRef StepProgram program,
      long weight,
      int type,
      int heads,
      long rank,
      long plain,
      long rotated,
      long value);

  /**
   * Limits the number of tokens that each one reads.
   *
   * @param indexed width of the keys by which tokens are chosen, which the cache holds before those
   *     of attention
   */
  public native void choosing(long chosen, long indexed);

  /**
   * Computes queries and the key of attention, [heads + 1, indexed + rotated + rank].
   *
   * @param index buffer of the keys by which tokens are chosen, or -1
   */
  public native void absorb(
      int queries, int latent, int index, int to, boolean pairs, int cacheType, int layer);

  /** Rotates queries and keys and appends keys to the cache. */
  public native void append(int projected, int table, long half);

  /**
   * Chooses the tokens that this layer and later ones read, by queries [heads, indexed] and weights
   * [heads] in buffers.
   */
  public native void choose(int queries, int weights);

  /** Attends. */
  public native void attend(int projected, int to, float scale, float cap, long window);

  /** Computes each head's value from the latent vectors attended to. */
  public native void restore(int mixed, int to);
}
