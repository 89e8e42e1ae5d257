package io.adapt4j.core.internal.tensor;

import io.adapt4j.core.exception.EngineException;
import io.adapt4j.core.internal.NativeCache;
import io.adapt4j.core.internal.NativeCacheException;
import io.adapt4j.core.internal.tensor.host.HostAllocator;
import io.adapt4j.core.internal.tensor.host.WaitPolicy;
import java.nio.file.Path;

/** Versions and settings of libtorch in this process, for all {@link Engine}s. */
public final class EngineInfo {

  private EngineInfo() {}

  /** Returns the version of libtorch, starting it if necessary. */
  public static String version() {
    LibTorch.threads();
    return ai.djl.engine.Engine.getEngine("PyTorch").getVersion();
  }

  /** Returns the version of DJL, which loads libtorch. */
  public static String loaderVersion() {
    return ai.djl.engine.Engine.getDjlVersion();
  }

  /**
   * Returns how libtorch's threads wait for each other: by spinning, which takes CPU time from
   * other work, or passively. Unless the environment sets it, {@code OMP_WAIT_POLICY=PASSIVE} is
   * set before libtorch is loaded, if possible.
   */
  public static String threadWaiting() {
    LibTorch.threads();
    return WaitPolicy.current().description();
  }

  /**
   * Returns the handling of free host memory: between the phases of a training step it is returned
   * to the system, which glibc alone would not do. This is off if the environment sets {@code
   * MALLOC_TRIM_THRESHOLD_}, {@code MALLOC_MMAP_THRESHOLD_} or {@code GLIBC_TUNABLES}, if the
   * system property {@code adapt4j.allocator} is {@code user}, or with another C library.
   */
  public static String allocator() {
    LibTorch.threads();
    return HostAllocator.current().description();
  }

  /** Returns the folder from which native libraries are loaded, without starting anything. */
  public static Path nativesCache() {
    try {
      return NativeCache.prepare();
    } catch (NativeCacheException e) {
      throw new EngineException(e.getMessage(), e);
    }
  }

  /** Returns the number of threads per operator. */
  public static int threads() {
    return Torch.threads();
  }
}
