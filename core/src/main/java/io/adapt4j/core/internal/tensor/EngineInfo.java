package io.adapt4j.core.internal.tensor;

import io.adapt4j.core.exception.EngineException;
import io.adapt4j.core.internal.NativeCache;
import io.adapt4j.core.internal.NativeCacheException;
import java.nio.file.Path;

/** What computes in this process, for all {@link Engine}s: libtorch and how it was started. */
public final class EngineInfo {

  private EngineInfo() {}

  /** Returns the version of libtorch; starts it if it is not running yet. */
  public static String version() {
    LibTorch.threads();
    return ai.djl.engine.Engine.getEngine("PyTorch").getVersion();
  }

  /** Returns the version of DJL, which loads libtorch. */
  public static String loaderVersion() {
    return ai.djl.engine.Engine.getDjlVersion();
  }

  /**
   * Returns how libtorch's threads wait for each other: by spinning, which takes the processor from
   * other work, or passively. Where the environment says nothing, {@code OMP_WAIT_POLICY=PASSIVE}
   * is set before libtorch is loaded, if that is possible.
   */
  public static String threadWaiting() {
    LibTorch.threads();
    return WaitPolicy.current().description();
  }

  /**
   * Returns what is done with free memory of the host: between the phases of a training step it is
   * given back to the system, which glibc alone would not do. Not where the environment sets {@code
   * MALLOC_TRIM_THRESHOLD_}, {@code MALLOC_MMAP_THRESHOLD_} or {@code GLIBC_TUNABLES}, where the
   * system property {@code adapt4j.allocator} is {@code user}, or where the C library is another.
   */
  public static String allocator() {
    LibTorch.threads();
    return HostAllocator.current().description();
  }

  /** Returns the folder that native libraries are unpacked into and loaded from. Starts nothing. */
  public static Path nativesCache() {
    try {
      return NativeCache.prepare();
    } catch (NativeCacheException e) {
      throw new EngineException(e.getMessage(), e);
    }
  }

  /** Returns the number of threads an operator uses. */
  public static int threads() {
    return Torch.threads();
  }
}
