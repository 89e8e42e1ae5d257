package io.adapt4j.kernels.internal;

import io.adapt4j.kernels.internal.cuda.CudaException;
import io.adapt4j.kernels.internal.cuda.KitDevice;
import io.adapt4j.kernels.internal.cuda.KitDevice.Origin;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Checks all CUDA kernels on this machine's first GPU and measures them beside cuBLAS. The kit that
 * {@code -Pgpu-kit} builds starts it; it needs neither libtorch nor Maven.
 *
 * <p>Exits with 0 if everything held, 1 if a check failed, 2 if there is no GPU to run on.
 */
final class GpuKit {

  private static final PrintStream OUT = System.out;

  private final List<String> arguments;
  private final boolean quick;
  private final Map<String, Object> report = new LinkedHashMap<>();
  private boolean failed;

  private GpuKit(List<String> arguments) {
    this.arguments = arguments;
    this.quick = arguments.contains("--quick");
  }

  public static void main(String[] args) throws Exception {
    List<String> arguments = List.of(args);
    System.exit(
        arguments.contains("--sanitized")
            ? sanitized(arguments)
            : new GpuKit(arguments).run(Path.of(System.getProperty("adapt4j.kit.report"))));
  }

  private int run(Path file) throws IOException {
    report.put("adapt4j", "GPU kit");
    report.put("date", Instant.now().truncatedTo(ChronoUnit.SECONDS).toString());
    report.put("quick", quick);
    report.put("machine", KitMachine.describe());
    KitMachine.describe().forEach((key, value) -> OUT.println(key + ": " + value));
    KitDevice first;
    try {
      first = open(usual());
    } catch (CudaException e) {
      OUT.println();
      OUT.println("NO GPU TO RUN ON: " + e.getMessage());
      report.put("noGpu", e.getMessage());
      write(file);
      return 2;
    }
    OUT.printf(
        "GPU: %s, compute capability %s, %.1f GB; the driver supports CUDA %s%n",
        first.name(),
        first.capability(),
        first.cuda().memory() / 1e9,
        first.cuda().driverVersion());
    report.put(
        "gpu",
        KitJson.object(
            "name", first.name(),
            "computeCapability", first.capability().toString(),
            "bytes", first.cuda().memory(),
            "driverCuda", first.cuda().driverVersion()));
    List<Object> checks = new ArrayList<>();
    for (Origin origin : Origin.values()) {
      checks.add(check(origin, first));
    }
    report.put("checks", checks);
    report.put("sanitizer", sanitizer());
    measure(first);
    report.put("passed", !failed);
    write(file);
    OUT.printf("%n%s; the figures are in %s%n", failed ? "FAILED" : "Everything held", file);
    return failed ? 1 : 0;
  }

  /** PTX, which every driver takes; a build without it has to compile. */
  private static Origin usual() {
    return KitDevice.carriesPtx() ? Origin.PTX : Origin.NVRTC;
  }

  private static KitDevice open(Origin origin) {
    return KitDevice.open(origin, Path.of(System.getProperty("adapt4j.cuda.cache")));
  }

  /** All checks with kernels of one origin. */
  private Object check(Origin origin, KitDevice first) {
    OUT.printf("%nKernels from %s%n", origin);
    Optional<String> absence = KitDevice.absence(origin, first.capability());
    if (absence.isPresent()) {
      OUT.println("  skipped: " + absence.get());
      return KitJson.object("kernels", origin.name(), "skipped", absence.get());
    }
    KitDevice device;
    try {
      device = origin == usual() ? first : open(origin);
    } catch (CudaException e) {
      // A binary of a newer CUDA than the driver's: users get PTX then.
      boolean allowed = origin == Origin.CUBIN;
      failed |= !allowed;
      OUT.println((allowed ? "  refused, PTX is used instead: " : "  FAILED: ") + e.getMessage());
      return KitJson.object(
          "kernels", origin.name(), allowed ? "refused" : "failed", e.getMessage());
    }
    List<String> failures = failures(device, quick);
    Set<String> untested = new TreeSet<>(KitDevice.functions(device.capability()));
    untested.removeAll(device.launched());
    if (!untested.isEmpty()) {
      failures.add("kernels that no check ran: " + untested);
    }
    failed |= !failures.isEmpty();
    OUT.printf(
        "  %d kernels in %d checks: %s%n",
        device.launched().size(),
        checks(device, quick).size(),
        failures.isEmpty() ? "passed" : failures.size() + " FAILED");
    return KitJson.object(
        "kernels", origin.name(),
        "checks", checks(device, quick).size(),
        "functions", List.copyOf(device.launched()),
        "failures", failures);
  }

  private static List<CudaCheck> checks(KitDevice device, boolean quick) {
    return quick ? CudaCheck.few(device.capability()) : CudaCheck.all(device.capability());
  }

  private static List<String> failures(KitDevice device, boolean quick) {
    List<String> failures = new ArrayList<>();
    for (CudaCheck check : checks(device, quick)) {
      try {
        check.law().accept(new CudaKernelLaws(device));
        device.cuda().synchronize();
      } catch (AssertionError | RuntimeException e) {
        String failure = check.name() + ": " + String.valueOf(e.getMessage()).strip();
        OUT.println("  FAILED " + failure);
        failures.add(failure);
        if (e instanceof CudaException) {
          break; // the context is lost with it
        }
      }
    }
    return failures;
  }

  /** What runs below compute-sanitizer: a check for every kernel, small. */
  private static int sanitized(List<String> arguments) {
    KitDevice device = open(usual());
    List<String> failures = failures(device, true);
    OUT.println(arguments.size() + " arguments, failures: " + failures);
    return failures.isEmpty() ? 0 : 1;
  }

  private Object sanitizer() throws IOException {
    OUT.printf("%ncompute-sanitizer%n");
    if (arguments.contains("--no-sanitizer") || !KitSanitizer.isPresent()) {
      OUT.println("  skipped: it is not on the PATH, or was not wanted");
      return KitJson.object("skipped", "not on the PATH, or not wanted");
    }
    Map<String, Object> results = new LinkedHashMap<>();
    for (String tool : KitSanitizer.TOOLS) {
      String result = KitSanitizer.run(tool);
      OUT.printf("  %s: %s%n", tool, result);
      results.put(tool, result);
      failed |= result.startsWith("FAILED");
    }
    return results;
  }

  private void measure(KitDevice device) {
    OUT.println();
    try {
      KitMeasurement measurement = new KitMeasurement(device, quick);
      report.put("measured", measurement.run(OUT));
      failed |= !measurement.agrees();
    } catch (RuntimeException e) {
      failed = true;
      OUT.println("FAILED to measure: " + e.getMessage());
      report.put("measured", KitJson.object("failed", String.valueOf(e.getMessage())));
    }
  }

  private void write(Path file) throws IOException {
    Files.writeString(file, KitJson.text(report) + "\n");
  }
}
