package io.adapt4j.kernels.internal.cuda;

import io.adapt4j.core.internal.NativeCacheException;

/**
 * Access to org.bytedeco's CUDA bindings, an optional dependency. Classes that use them are loaded
 * only here.
 */
final class Natives {

  private static final String REMEDY =
      " Add org.bytedeco:cuda with the classifier of this platform, and install NVIDIA's driver and"
          + " CUDA 12's runtime libraries.";

  private Natives() {}

  /** Loads the driver. */
  static Driver driver() {
    try {
      return new BytedecoDriver();
    } catch (LinkageError | NativeCacheException e) {
      throw new CudaException("CUDA's driver could not be loaded: " + reason(e) + "." + REMEDY, e);
    }
  }

  /** Loads NVRTC, or returns the reason why it cannot be loaded. */
  static KernelImages.Found compiler() {
    try {
      return KernelImages.Found.of(new BytedecoCompiler());
    } catch (LinkageError | NativeCacheException e) {
      return KernelImages.Found.none("NVRTC could not be loaded (" + reason(e) + ")");
    }
  }

  /**
   * Returns the root reason: JavaCPP wraps the loader's error, and Java that of a static
   * initializer.
   */
  static String reason(Throwable failure) {
    Throwable cause = failure;
    while (cause.getCause() != null && cause.getCause() != cause) {
      cause = cause.getCause();
    }
    if (cause instanceof NoClassDefFoundError || cause instanceof ClassNotFoundException) {
      return "no class " + String.valueOf(cause.getMessage()).replace('/', '.');
    }
    return String.valueOf(cause.getMessage());
  }
}
