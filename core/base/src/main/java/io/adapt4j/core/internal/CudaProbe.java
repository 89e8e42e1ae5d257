package io.adapt4j.core.internal;

import java.lang.reflect.Field;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Keeps DJL from asking CUDA for the number of devices on a system without any. DJL asks whenever
 * it looks at the platform and logs a warning for each failure: four at every start on a machine
 * with CUDA's libraries but no device.
 */
public final class CudaProbe {

  private static final String FORK = "ai.djl.util.cuda.fork";

  /** Linux has one of these for each NVIDIA device, also within WSL. */
  private static final List<Path> DEVICES =
      List.of(Path.of("/dev/nvidiactl"), Path.of("/dev/nvidia0"), Path.of("/dev/dxg"));

  private CudaProbe() {}

  /** Runs something that makes DJL look at the platform. */
  public static void without(Runnable start) {
    boolean absent =
        System.getProperty("os.name").equals("Linux") && DEVICES.stream().noneMatch(Files::exists);
    if (!absent || System.getProperty(FORK) != null || !answerNone()) {
      start.run();
      return;
    }
    // DJL then uses the cached answer of another process.
    System.setProperty(FORK, "true");
    try {
      start.run();
    } finally {
      System.clearProperty(FORK);
    }
  }

  private static boolean answerNone() {
    String before = System.setProperty(FORK, "true");
    try {
      Field answer = Class.forName("ai.djl.util.cuda.CudaUtils").getDeclaredField("gpuInfo");
      answer.setAccessible(true);
      answer.set(null, new String[] {"0", "-1", "-1"});
      return true;
    } catch (ReflectiveOperationException | RuntimeException | LinkageError e) {
      return false;
    } finally {
      if (before == null) {
        System.clearProperty(FORK);
      }
    }
  }
}
