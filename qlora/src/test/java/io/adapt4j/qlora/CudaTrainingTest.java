package io.adapt4j.qlora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.adapt4j.core.exception.EngineException;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.kernels.internal.JavaProgram;
import io.adapt4j.kernels.internal.cuda.CudaDevice;
import io.adapt4j.kernels.internal.cuda.CudaException;
import io.adapt4j.kernels.internal.cuda.HostDevice;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** QLoRA with the CUDA kernels: on a GPU, and on libraries that run the kernels on the CPU. */
class CudaTrainingTest {

  @Test
  void aRunThroughTheBindingsIsThatOfTheReference(@TempDir Path folder) throws Exception {
    assumeTrue(
        System.getProperty("os.name").equals("Linux")
            && System.getProperty("os.arch").equals("amd64"),
        "the bindings in the tests are those of Linux on x86-64");
    Optional<String> absence = HostDevice.absence();
    assumeTrue(absence.isEmpty(), () -> "the bindings are not run: " + absence.get());
    HostDevice.compileDriver(folder);
    assertThat(
            JavaProgram.run(
                CudaTrainingProgram.class,
                List.of("-Dadapt4j.cuda.cache=" + folder.resolve("cache")),
                Map.of("LD_LIBRARY_PATH", folder.toString()),
                folder.resolve("base").toString()))
        .contains(
            "F32 trained: true, with kernels: true, transfers: 0, allocations: 0",
            "F32 decoded: true, with kernels: true, transfers: 0, allocations: 0",
            "F32 codes in host memory: 0",
            "BF16 trained: true, with kernels: true, transfers: 0, allocations: 0",
            "BF16 decoded: true, with kernels: true, transfers: 0, allocations: 0",
            "BF16 codes in host memory: 0");
  }

  /** Six steps, in which the loss falls by 0.5; sums are formed in another order. */
  @ParameterizedTest
  @CsvSource({"F32, 1e-3", "BF16, 3e-2"})
  void qloraWithPagedStateTrainsAsOnTheCpu(DType type, double tolerance, @TempDir Path folder)
      throws Exception {
    assumeKernelsAndLibtorchHaveTheDevice();
    List<Double> there = losses("cuda", type, folder);
    List<Double> here = losses("cpu", type, folder);
    assertThat(there).hasSize(QLoraRun.STEPS);
    for (int i = 0; i < there.size(); i++) {
      assertThat(there.get(i)).as("loss of step " + i).isCloseTo(here.get(i), within(tolerance));
    }
  }

  private static List<Double> losses(String where, DType type, Path folder) throws Exception {
    return JavaProgram.run(
            QLoraRun.class,
            List.of("-Dadapt4j.device=" + where),
            Map.of(),
            folder.resolve(where).toString(),
            type.name())
        .stream()
        .filter(line -> line.startsWith("loss: "))
        .map(line -> Double.valueOf(line.substring("loss: ".length())))
        .toList();
  }

  private static void assumeKernelsAndLibtorchHaveTheDevice() {
    try {
      CudaDevice.open();
    } catch (CudaException e) {
      assumeTrue(false, "no kernels run on a GPU here: " + e.getMessage());
    }
    try (Tensor host = Tensor.zeros(DType.F32, 1);
        Tensor copy = host.copyToCuda(0)) {
      assertThat(copy.isOnCuda()).isTrue();
    } catch (EngineException e) {
      assumeTrue(false, "libtorch has no CUDA device here: " + e.getMessage());
    }
  }
}
