package io.adapt4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** What the doctor says where the engine does not start, in its own process. */
@DisabledOnOs(OS.WINDOWS)
class DoctorTest {

  @TempDir private Path folder;

  private String doctor(int status, String property) throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:TieredStopAtLevel=1",
                "-XX:+UseSerialGC",
                property,
                "-cp",
                System.getProperty("java.class.path"),
                Adapt4j.class.getName(),
                "doctor",
                "--json")
            .redirectErrorStream(true)
            .start();
    String said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(said).isEqualTo(status);
    return said;
  }

  @Test
  void aCacheThatOthersMayWriteToIsNamedWithItsRemedy() throws Exception {
    Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));
    assertThat(doctor(ExitCode.FINDINGS, "-DDJL_CACHE_DIR=" + folder))
        .contains("engine: libtorch was not loaded")
        .contains(folder + " may be written to by everybody")
        .contains("Set DJL_CACHE_DIR")
        .contains("heapMiB");
  }

  @Test
  void howThreadsWaitIsSaid() throws Exception {
    assertThat(doctor(ExitCode.OK, "-Dx=y"))
        .contains("threadsWait", "OMP_WAIT_POLICY", "allocator")
        .containsPattern("\"kernels\" : \"(C\\+\\+, |none: )");
  }
}
