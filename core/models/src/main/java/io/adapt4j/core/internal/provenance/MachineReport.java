package io.adapt4j.core.internal.provenance;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.exception.EngineException;
import io.adapt4j.core.hub.Hub;
import io.adapt4j.core.hub.HubException;
import io.adapt4j.core.internal.tensor.EngineInfo;
import io.adapt4j.core.internal.tensor.host.Processor;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Report on this machine: engine, hub, processor, memory, GPU, and what would stop a run. */
public record MachineReport(ObjectNode found, List<String> problems) {

  /** Instruction sets that determine the speed of matrix products. */
  private static final List<String> FEATURES =
      List.of(
          ("avx2 fma avx512f avx512_vnni avx512_bf16 avx512_fp16 amx_bf16 amx_int8"
                  + " asimd asimddp i8mm bf16 sve sve2 sme")
              .split(" "));

  private static final List<Path> GPU_DEVICES =
      List.of(Path.of("/dev/nvidia0"), Path.of("/dev/kfd"));

  private static final long MEBIBYTE = 1 << 20;

  /** Looks at this machine; starts the engine if it is not running yet. */
  public static MachineReport here() {
    ObjectNode found = JsonNodeFactory.instance.objectNode();
    List<String> problems = Stream.of(engine(found), hub(found)).flatMap(Optional::stream).toList();
    processor(found);
    found.put("kernels", SystemInfo.kernels());
    memory(found);
    found.put("nativesCache", nativesCache());
    found.put("gpu", gpu());
    return new MachineReport(found, problems);
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
    found.put("heapMiB", Runtime.getRuntime().maxMemory() / MEBIBYTE);
    if (ManagementFactory.getOperatingSystemMXBean()
        instanceof com.sun.management.OperatingSystemMXBean system) {
      found.put("memoryMiB", system.getTotalMemorySize() / MEBIBYTE);
      found.put("freeMemoryMiB", system.getFreeMemorySize() / MEBIBYTE);
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
}
