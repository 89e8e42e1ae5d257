package io.adapt4j.kernels.internal;

import io.adapt4j.core.internal.NativeCache;
import io.adapt4j.kernels.internal.cpu.FourBitWeight;
import java.io.IOException;
import java.util.Optional;
import java.util.Set;
import org.bytedeco.javacpp.Loader;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The native library of the C++ kernels, loaded at most once per process.
 *
 * @param best the most capable variant that the processor supports; null without the library
 */
record CpuLibrary(CpuVariant best, String absence) {

  private static final Logger LOG = LoggerFactory.getLogger(CpuLibrary.class);

  /** Platforms that have a jar of their own, in JavaCPP's names. */
  private static final Set<String> CLASSIFIERS =
      Set.of("linux-x86_64", "linux-arm64", "macosx-arm64", "windows-x86_64");

  private static final CpuLibrary LOADED = load();

  static CpuLibrary get() {
    return LOADED;
  }

  boolean isPresent() {
    return absence == null;
  }

  /** Returns the variant that the system property names, else the most capable one. */
  CpuVariant chosen() {
    requirePresent();
    String name = System.getProperty(CpuVariant.PROPERTY, "");
    CpuVariant variant = name.isEmpty() ? best : CpuVariant.of(name);
    require(variant);
    return variant;
  }

  /** Checks that the library is present and that the processor runs a variant. */
  void require(CpuVariant variant) {
    requirePresent();
    if (!variant.runsOn(best)) {
      throw new IllegalStateException(
          "%s: the processor has no %s; it has up to %s"
              .formatted(CpuVariant.PROPERTY, variant.propertyName(), best.propertyName()));
    }
  }

  private void requirePresent() {
    if (!isPresent()) {
      throw new IllegalStateException(absence);
    }
  }

  private static CpuLibrary load() {
    String file = Loader.getPlatform() + "/" + System.mapLibraryName("jniAdapt4jKernels");
    if (FourBitWeight.class.getResource(file) == null) {
      return new CpuLibrary(null, absence(Loader.getPlatform()));
    }
    try {
      NativeCache.prepareJavaCpp();
      Optional<String> problem = NativeChecksum.problem(FourBitWeight.class, file);
      if (problem.isPresent()) {
        return unusable(problem.get());
      }
      return new CpuLibrary(CpuVariant.numbered(FourBitWeight.bestVariant()), null);
    } catch (LinkageError | IOException | RuntimeException e) {
      Throwable known = e.getCause() == null ? e : e.getCause();
      return unusable("its library cannot be loaded: " + known.getMessage());
    }
  }

  /** Returns what to add where the class path has no library for a platform. */
  static String absence(String platform) {
    return "this build of adapt4j-kernels has no library for "
        + platform
        + (CLASSIFIERS.contains(platform)
            ? "; add io.adapt4j:adapt4j-kernels with the classifier %s, or adapt4j-kernels-platform"
                .formatted(platform)
            : "; it is made where a C++ compiler is found");
  }

  /**
   * Logs and returns a library that is present but unusable; an absent one is a deliberate build
   * choice.
   */
  private static CpuLibrary unusable(String problem) {
    LOG.warn("The kernels in C++ are not used, and all that they compute is slower: {}", problem);
    return new CpuLibrary(null, problem);
  }
}
