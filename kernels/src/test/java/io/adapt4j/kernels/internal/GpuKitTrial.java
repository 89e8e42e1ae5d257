package io.adapt4j.kernels.internal;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.kernels.internal.cuda.HostDevice;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/**
 * Runs a built kit by its one command, where the driver, NVRTC and cuBLAS are libraries that
 * compute on the CPU, and once where no device is found. The build of the kit calls it.
 */
final class GpuKitTrial {

  private GpuKitTrial() {}

  public static void main(String[] args) throws Exception {
    Path kit = Path.of(args[0]);
    Path folder = Files.createTempDirectory("gpu-kit-trial");
    HostDevice.compileDriver(folder);
    HostDevice.compileBlas(folder);
    Files.delete(folder.resolve("libcudart.so.12")); // the kit has what stands for it
    Path report = folder.resolve("report.json");
    Map<String, String> host =
        Map.of("LD_LIBRARY_PATH", folder.toString(), "REPORT", report.toString());

    String output = run(kit, host, 0);
    System.out.println(output);
    assertThat(output)
        .contains("Kernels from PTX\n  16 kernels in", "Kernels from CUBIN\n  16 kernels in")
        .contains("Kernels from NVRTC\n  16 kernels in", "cuBLAS 120900", "Everything held");
    assertThat(Files.readString(report)).contains("\"passed\": true");

    Map<String, String> none = new HashMap<>(host);
    none.put("HOST_NO_DEVICE", "1");
    assertThat(run(kit, none, 2)).contains("NO GPU TO RUN ON: the driver finds no device");
    if (!Files.exists(Path.of("/proc/driver/nvidia/version"))) {
      none.put("LD_LIBRARY_PATH", "/none");
      assertThat(run(kit, none, 2))
          .contains("NO GPU TO RUN ON: CUDA's driver could not be loaded", "libcuda.so.1");
    }
  }

  private static String run(Path kit, Map<String, String> environment, int status)
      throws Exception {
    ProcessBuilder builder =
        new ProcessBuilder(kit.resolve("run").toString(), "--quick", "--no-sanitizer")
            .redirectErrorStream(true);
    builder.environment().putAll(environment);
    Process process = builder.start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isEqualTo(status);
    return output;
  }
}
