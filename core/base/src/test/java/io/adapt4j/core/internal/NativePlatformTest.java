package io.adapt4j.core.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NativePlatformTest {

  private static final List<String> MUSL =
      List.of(
          "55d0c5a2c000-55d0c5a2d000 r-xp 00001000 fe:00 1 /opt/java/bin/java",
          "7f1c2a000000-7f1c2a014000 r--p 00000000 fe:00 2 /lib/ld-musl-x86_64.so.1");

  private static final List<String> GLIBC =
      List.of("7f1c2a000000-7f1c2a014000 r--p 00000000 fe:00 2 /usr/lib/ld-linux-x86-64.so.2");

  private static final List<String> MOUNTS =
      List.of(
          "overlay / overlay rw,relatime 0 0",
          "tmpfs /tmp tmpfs rw,nosuid,noexec 0 0",
          "tmpfs /tmp/own tmpfs rw 0 0",
          "/dev/sda1 /home/a\\040b ext4 rw,noexec,relatime 0 0",
          "tmpfs /again tmpfs rw,noexec 0 0",
          "tmpfs /again tmpfs rw 0 0");

  @ParameterizedTest
  @CsvSource({"Linux, amd64", "Linux, aarch64", "Mac OS X, aarch64", "Windows 11, amd64"})
  void supportedPlatformsPass(String system, String processor) {
    assertThat(NativePlatform.problem(system, processor, GLIBC, List.of())).isEmpty();
    assertThat(NativePlatform.problem(system, processor, List.of(), List.of())).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "Mac OS X, x86_64, Intel, Linux container",
    "Windows 11, aarch64, Windows on ARM, JDK for x86-64",
    "Windows 10, x86, 64-bit, Use a 64-bit JDK",
    "Linux, arm, 64-bit, Use a 64-bit JDK",
  })
  void othersAreNamedWithWhatToUse(String system, String processor, String what, String instead) {
    assertThat(NativePlatform.problem(system, processor, List.of(), List.of()).orElseThrow())
        .contains(what, instead);
  }

  @Test
  void muslIsKnownByWhatTheProcessHasLoaded() {
    assertThat(NativePlatform.problem("Linux", "amd64", MUSL, List.of()).orElseThrow())
        .contains("musl", "Alpine", "an image with glibc");
  }

  @ParameterizedTest
  @CsvSource({
    "fp asimd evtstrm aes pmull sha1 sha2 crc32 cpuid, true",
    "fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics fphp asimdhp cpuid, false",
  })
  void processorsOfTheFirstArmv8AreTooOld(String features, boolean tooOld) {
    List<String> processors = List.of("processor\t: 0", "Features\t: " + features);
    assertThat(NativePlatform.problem("Linux", "aarch64", GLIBC, processors).isPresent())
        .isEqualTo(tooOld);
  }

  @ParameterizedTest
  @CsvSource({
    "/tmp/cache, true",
    "/tmp/own/cache, false",
    "/tmpfile, false",
    "/home/a b/.djl.ai, true",
    "/home/c, false",
    "/again, false",
  })
  void theDeepestMountDecidesAboutExecution(Path folder, boolean noExec) {
    assertThat(NativePlatform.isNoExec(folder, MOUNTS)).isEqualTo(noExec);
  }

  @Test
  void aFolderThatDoesNotExistIsNoProblem() {
    assertThat(NativePlatform.isNoExec(Path.of("/none/of/these"))).isFalse();
  }
}
