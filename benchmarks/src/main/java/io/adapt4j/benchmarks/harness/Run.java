package io.adapt4j.benchmarks.harness;

import com.fasterxml.jackson.annotation.JsonInclude;
import io.adapt4j.core.internal.MachineMemory;
import io.adapt4j.core.internal.provenance.SystemInfo;
import io.adapt4j.core.internal.tensor.host.Processor;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.regex.Pattern;

/**
 * Results of one run on one host, as its JSON file has them. What was not recorded is null.
 *
 * @param profile profile of the run; null if programs were run one by one
 * @param note what else a reader of its figures should know
 * @param results one per benchmark and setting, in order of measurement
 */
@JsonInclude(JsonInclude.Include.ALWAYS)
record Run(
    String date,
    String profile,
    String note,
    Host host,
    Software software,
    Limits limits,
    Load load,
    List<Result> results) {

  private static final Pattern ARITHMETIC =
      Pattern.compile("sse4_2|f16c|fma|bf16|i8mm|sme((\\d|_).*)?|(avx|amx|asimd|sve).*");

  private static final double GIB = 1L << 30;

  @JsonInclude(JsonInclude.Include.ALWAYS)
  record Host(
      String processor,
      List<String> instructionSets,
      String kernels,
      Integer logicalProcessors,
      Double memoryGib,
      String system) {}

  /** Versions; the commit has {@code -dirty} if files differ from it. */
  @JsonInclude(JsonInclude.Include.ALWAYS)
  record Software(
      String library, String commit, String java, String libtorch, String djl, Integer threads) {}

  /** Rates of matrix products and of reads of memory, which bound what a program can reach. */
  @JsonInclude(JsonInclude.Include.ALWAYS)
  record Limits(Double bf16Gflops, Double fp32Gflops, Double readsGbs) {

    static final Limits UNKNOWN = new Limits(null, null, null);
  }

  /** Runnable threads of the machine, averaged over the minute before and after the run. */
  @JsonInclude(JsonInclude.Include.ALWAYS)
  record Load(Double before, Double after) {

    static Double now() {
      double load = ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
      return load < 0 ? null : Math.round(load * 100) / 100.0;
    }
  }

  Run {
    results = List.copyOf(results);
  }

  /** Returns a run without results on this machine. */
  static Run here(String date, String profile, String commit) {
    SystemInfo system = SystemInfo.here();
    List<String> features =
        Processor.features().stream()
            .filter(name -> ARITHMETIC.matcher(name).matches())
            .sorted()
            .toList();
    return new Run(
        date,
        profile,
        null,
        new Host(
            system.processor(),
            features,
            SystemInfo.kernels(),
            Runtime.getRuntime().availableProcessors(),
            Math.round(MachineMemory.installed() / GIB * 10) / 10.0,
            system.system()),
        new Software(
            system.library(),
            commit,
            system.java(),
            system.engine(),
            system.djl(),
            system.threads()),
        Limits.UNKNOWN,
        new Load(Load.now(), null),
        List.of());
  }

  /** Returns the run with the results so far and the load of now. */
  Run with(Limits measured, List<Result> found) {
    Load until = new Load(load.before(), Load.now());
    return new Run(date, profile, note, host, software, measured, until, found);
  }

  static Run read(Path file) {
    try {
      return MeasurementLog.JSON.readValue(file.toFile(), Run.class);
    } catch (IOException e) {
      throw new UncheckedIOException(file + " is not a run of benchmarks", e);
    }
  }

  void write(Path file) throws IOException {
    Path target = file.toAbsolutePath();
    Files.createDirectories(target.getParent());
    Path part = target.resolveSibling(target.getFileName() + ".part");
    String json = MeasurementLog.JSON.valueToTree(withoutTargets()).toPrettyString();
    Files.writeString(part, json + "\n");
    Files.move(part, target, StandardCopyOption.REPLACE_EXISTING);
  }

  /** Returns the run without targets, which are those of the programs and not of a result. */
  Run withoutTargets() {
    List<Result> without = results.stream().map(Result::withoutTargets).toList();
    return new Run(date, profile, note, host, software, limits, load, without);
  }
}
