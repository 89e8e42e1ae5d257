package io.adapt4j.benchmarks.suite;

import com.sun.management.OperatingSystemMXBean;
import io.adapt4j.core.internal.tensor.Processor;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The machine that a run was on.
 *
 * @param processor its name
 * @param cores logical processors that the process may use
 * @param memoryGib memory that it may use, in whole GiB
 * @param instructionSets those that matter to a benchmark, by the names that Linux gives them
 * @param system name and architecture of the operating system
 * @param threadsWait how libtorch's threads wait for each other: {@code OMP_WAIT_POLICY}
 */
record Environment(
    String processor,
    int cores,
    long memoryGib,
    List<String> instructionSets,
    String system,
    String threadsWait) {

  private static final Pattern ARITHMETIC =
      Pattern.compile("sse4_2|f16c|fma|bf16|i8mm|sme((\\d|_).*)?|(avx|amx|asimd|sve).*");

  Environment {
    instructionSets = List.copyOf(instructionSets);
  }

  static Environment here() {
    OperatingSystemMXBean machine =
        ManagementFactory.getPlatformMXBean(OperatingSystemMXBean.class);
    String policy = System.getenv("OMP_WAIT_POLICY");
    return new Environment(
        Processor.name(),
        Runtime.getRuntime().availableProcessors(),
        machine.getTotalMemorySize() >> 30,
        Processor.features().stream()
            .filter(name -> ARITHMETIC.matcher(name).matches())
            .sorted()
            .toList(),
        System.getProperty("os.name") + " " + System.getProperty("os.arch"),
        policy == null ? waitByDefault() : policy);
  }

  /** What the library sets where the environment says nothing. */
  private static String waitByDefault() {
    return System.getProperty("os.name").equals("Linux") ? "PASSIVE" : "default";
  }

  /** One line that tells this machine from others. */
  String text() {
    return processor
        + ", "
        + cores
        + " logical processors, "
        + memoryGib
        + " GiB, "
        + widest()
        + ", "
        + system
        + (threadsWait.equals("default") ? "" : ", OMP_WAIT_POLICY=" + threadsWait);
  }

  /** The sets that a reader asks for: the widest vectors, and products of bfloat16. */
  private String widest() {
    String vectors =
        instructionSets.contains("avx512f")
            ? "AVX-512"
            : instructionSets.contains("avx2") ? "AVX2" : "no AVX";
    String named =
        instructionSets.stream()
            .filter(name -> name.contains("bf16") || name.equals("amx_int8"))
            .collect(Collectors.joining(" "));
    boolean other = instructionSets.stream().anyMatch(name -> name.startsWith("asimd"));
    String base = other ? "Advanced SIMD" : vectors;
    return named.isEmpty() ? base + " without bf16" : base + " with " + named;
  }
}
