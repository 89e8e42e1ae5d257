package io.adapt4j.cli;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.exception.EngineException;
import io.adapt4j.core.finetune.RunDescription;
import io.adapt4j.core.hub.Hub;
import io.adapt4j.core.hub.HubException;
import io.adapt4j.core.internal.provenance.SystemInfo;
import io.adapt4j.core.internal.tensor.EngineInfo;
import io.adapt4j.core.internal.tensor.host.Processor;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** Checks that everything a run needs is available. */
@Command(
    name = "doctor",
    description = "Shows what is here to run on, and what is wrong with it.",
    mixinStandardHelpOptions = true)
final class DoctorCommand implements Callable<Integer> {

  /** Instruction sets that determine the speed of matrix products. */
  private static final List<String> FEATURES =
      List.of(
          ("avx2 fma avx512f avx512_vnni avx512_bf16 avx512_fp16 amx_bf16 amx_int8"
                  + " asimd asimddp i8mm bf16 sve sve2 sme")
              .split(" "));

  private static final List<Path> GPU_DEVICES =
      List.of(Path.of("/dev/nvidia0"), Path.of("/dev/kfd"));

  @Mixin private Output output;

  DoctorCommand() {}

  @Override
  public Integer call() {
    ObjectNode found = JsonNodeFactory.instance.objectNode();
    Stream<Optional<String>> problems = Stream.of(engine(found), hub(found));
    processor(found);
    found.put("kernels", SystemInfo.kernels());
    memory(found);
    found.put("nativesCache", nativesCache());
    found.put("gpu", gpu());
    RunDescription.methods().forEach(found.putArray("methods")::add);
    List<String> wrong = problems.flatMap(Optional::stream).toList();
    wrong.forEach(found.putArray("problems")::add);
    output.write(text(found), found);
    return wrong.isEmpty() ? ExitCode.OK : ExitCode.FINDINGS;
  }

  private static Optional<String> engine(ObjectNode found) {
    try {
      found.setAll(SystemInfo.here().json());
      found.put("threadsWait", EngineInfo.threadWaiting());
      found.put("allocator", EngineInfo.allocator());
      return Optional.empty();
    } catch (EngineException e) {
      return Optional.of("engine: " + e.getMessage());
    }
  }

  private static Optional<String> hub(ObjectNode found) {
    try {
      Hub hub = Hub.fromEnvironment();
      found.put("hub", hub.toString());
      found.put("hubCache", hub.cache().toString());
      found.put("offline", hub.isOffline());
      return Optional.empty();
    } catch (HubException e) {
      return Optional.of("hub: " + e.getMessage());
    }
  }

  private static void processor(ObjectNode found) {
    List<String> features = Processor.features();
    FEATURES.stream().filter(features::contains).forEach(found.putArray("features")::add);
    found.put("cores", Runtime.getRuntime().availableProcessors());
  }

  private static void memory(ObjectNode found) {
    long mebibyte = 1 << 20;
    found.put("heapMiB", Runtime.getRuntime().maxMemory() / mebibyte);
    if (ManagementFactory.getOperatingSystemMXBean()
        instanceof com.sun.management.OperatingSystemMXBean system) {
      found.put("memoryMiB", system.getTotalMemorySize() / mebibyte);
      found.put("freeMemoryMiB", system.getFreeMemorySize() / mebibyte);
    }
  }

  /**
   * Returns the folder that native libraries are extracted to; the engine's problem explains a
   * refusal.
   */
  private static String nativesCache() {
    try {
      return EngineInfo.nativesCache().toString();
    } catch (EngineException e) {
      return "refused";
    }
  }

  private static String gpu() {
    return GPU_DEVICES.stream()
        .filter(Files::exists)
        .findFirst()
        .map(
            device ->
                device
                    + " is there; adapt4j.device=cuda computes on it, with a CUDA build of"
                    + " libtorch")
        .orElse(
            "none seen: neither " + GPU_DEVICES.get(0) + " nor " + GPU_DEVICES.get(1) + " exists");
  }

  private static String text(ObjectNode found) {
    StringBuilder text = new StringBuilder();
    found
        .properties()
        .forEach(
            property -> {
              String value =
                  property.getValue().isTextual()
                      ? property.getValue().textValue()
                      : property.getValue().toString();
              text.append(String.format("%-16s%s%n", property.getKey(), value));
            });
    return text.toString();
  }
}
