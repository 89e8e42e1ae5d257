package io.adapt4j.kernels.internal.cuda;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Provides loadable images of a source: cached on disk, compiled now or, without a compiler, the
 * binaries and PTX shipped with this build.
 */
final class KernelImages {

  /** A compiler, or the reason for its absence. */
  record Found(Optional<Compiler> compiler, String reason) {
    static Found of(Compiler compiler) {
      return new Found(Optional.of(compiler), "");
    }

    static Found none(String reason) {
      return new Found(Optional.empty(), reason);
    }
  }

  private final Capability capability;
  private final int driverVersion;
  private final KernelCache cache;
  private final Supplier<Found> compiler;
  private final Function<String, Optional<byte[]>> resources;

  /** Creates a provider of images. */
  KernelImages(
      Capability capability,
      int driverVersion,
      KernelCache cache,
      Supplier<Found> compiler,
      Function<String, Optional<byte[]>> resources) {
    this.capability = capability;
    this.driverVersion = driverVersion;
    this.cache = cache;
    this.compiler = compiler;
    this.resources = resources;
  }

  /**
   * Returns the images of a source, best first. A driver older than a binary's CUDA rejects it and
   * compiles PTX instead.
   */
  List<byte[]> images(KernelFile file) {
    Found found = compiler.get();
    return found.compiler().isPresent()
        ? List.of(compiled(file, found.compiler().get()))
        : packed(file, found.reason());
  }

  private byte[] compiled(KernelFile file, Compiler compiler) {
    Target target = compiler.target(capability);
    String source = file.source();
    String key =
        KernelCache.key(
            source,
            String.join(" ", target.options()),
            compiler.version(),
            Integer.toString(driverVersion),
            capability.toString());
    Optional<byte[]> kept = cache.read(key);
    if (kept.isPresent()) {
      return kept.get();
    }
    byte[] image = compiler.compile(file.plainName() + ".cu", source, target);
    cache.write(key, image);
    return image;
  }

  private List<byte[]> packed(KernelFile file, String reason) {
    List<byte[]> found = new ArrayList<>();
    for (int minor = capability.minor(); minor >= 0; minor--) {
      Capability made = new Capability(capability.major(), minor);
      resources.apply(file.plainName() + ".sm_" + made.number() + ".cubin").ifPresent(found::add);
    }
    String name = file.plainName() + ".ptx";
    resources
        .apply(name)
        .map(ptx -> Arrays.copyOf(ptx, ptx.length + 1)) // the driver expects a terminating zero
        .ifPresent(found::add);
    if (found.isEmpty()) {
      throw new CudaException(
          ("%s, and this build of adapt4j-kernels has no %s. Put NVRTC on the library path, or use"
                  + " a jar built with -Pptx.")
              .formatted(reason, name));
    }
    return found;
  }
}
