package io.adapt4j.kernels.internal;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.adapt4j.kernels.internal.cuda.HostDevice;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The program of the GPU kit, with libraries below the bindings that run on the CPU. */
class GpuKitTest {

  @TempDir private static Path libraries;
  private static Path natives;

  @TempDir private Path folder;

  @BeforeAll
  static void compile() throws Exception {
    assumeTrue(
        System.getProperty("os.name").equals("Linux")
            && System.getProperty("os.arch").equals("amd64"),
        "the kit is for Linux on x86-64");
    Optional<String> absence = HostDevice.absence();
    assumeTrue(absence.isEmpty(), () -> "the kit is not run: " + absence.get());
    HostDevice.compileDriver(libraries);
    natives = HostDevice.compileBlas(libraries);
  }

  private JavaProgram.Outcome run(Map<String, String> more, String... arguments) throws Exception {
    Map<String, String> environment = new HashMap<>(more);
    environment.put("LD_LIBRARY_PATH", libraries.toString());
    return JavaProgram.outcome(
        GpuKit.class,
        List.of(
            "-Dadapt4j.kit.report=" + report(),
            "-Dadapt4j.kit.natives=" + natives,
            "-Dadapt4j.cuda.cache=" + folder.resolve("cache")),
        environment,
        arguments);
  }

  private Path report() {
    return folder.resolve("report.json");
  }

  @Test
  void checksAndMeasuresAndWritesWhatItFound() throws Exception {
    JavaProgram.Outcome outcome = run(Map.of(), "--quick", "--no-sanitizer");

    assertThat(outcome.status()).as(String.join("\n", outcome.lines())).isZero();
    assertThat(outcome.lines())
        .anyMatch(line -> line.startsWith("GPU: Host, compute capability 8.6, 1.1 GB"))
        .contains("  16 kernels in 26 checks: passed", "cuBLAS 120900")
        .anyMatch(line -> line.startsWith("    40 | "))
        .contains("Everything held; the figures are in " + report());
    assertThat(Files.readString(report()))
        .contains("\"passed\": true", "\"agreesWithCublas\": true", "\"rows\": 40, \"fourBitMicro");
  }

  @Test
  void aKernelThatDoesNothingFailsItsChecks() throws Exception {
    JavaProgram.Outcome outcome =
        run(Map.of("HOST_BROKEN_KERNEL", "multiply_few_f16"), "--quick", "--no-sanitizer");

    assertThat(outcome.status()).isEqualTo(1);
    assertThat(outcome.lines())
        .anyMatch(line -> line.startsWith("  FAILED multiply 3 rows by 17 x 40 in F16"));
    assertThat(Files.readString(report())).contains("\"passed\": false");
  }

  @Test
  void aProductThatIsNotThatOfCublasFails() throws Exception {
    JavaProgram.Outcome outcome =
        run(Map.of("HOST_BROKEN_KERNEL", "multiply_32_bf16"), "--quick", "--no-sanitizer");

    assertThat(outcome.status()).isEqualTo(1);
    assertThat(outcome.lines())
        .anyMatch(line -> line.startsWith("FAILED: at 40 rows the products"));
  }

  @Test
  void withoutADeviceTheReasonIsSaid() throws Exception {
    JavaProgram.Outcome outcome = run(Map.of("HOST_NO_DEVICE", "1"));

    assertThat(outcome.status()).isEqualTo(2);
    assertThat(outcome.lines()).contains("NO GPU TO RUN ON: the driver finds no device");
    assertThat(Files.readString(report())).contains("\"noGpu\": \"the driver finds no device\"");
  }

  @Test
  void everyToolOfTheSanitizerIsRunWhereItIsPresent() throws Exception {
    Path program =
        Files.writeString(
            folder.resolve("compute-sanitizer"),
            """
            #!/bin/sh
            if [ "$2" = racecheck ]; then exit 9; fi
            shift 4
            exec "$@"
            """);
    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwx------"));

    JavaProgram.Outcome outcome =
        run(Map.of("PATH", folder + ":" + System.getenv("PATH")), "--quick");

    assertThat(outcome.status()).isEqualTo(1);
    assertThat(outcome.lines())
        .contains("  memcheck: passed", "  synccheck: passed", "  initcheck: passed")
        .anyMatch(line -> line.startsWith("  racecheck: FAILED with status 9"));
  }
}
