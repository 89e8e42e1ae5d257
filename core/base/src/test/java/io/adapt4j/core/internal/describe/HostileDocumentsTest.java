package io.adapt4j.core.internal.describe;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.adapt4j.core.exception.SettingsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Descriptions that are meant to take all of the time or the memory. */
class HostileDocumentsTest {

  private static final int SIZE = 250_000;

  @TempDir private Path folder;

  static Stream<String> texts() {
    return Stream.of(
        "[".repeat(SIZE),
        "{a: ".repeat(SIZE / 4),
        "- ".repeat(SIZE / 2),
        "? ".repeat(SIZE / 2),
        "&a ".repeat(SIZE / 3),
        "k: v\n".repeat(SIZE / 5),
        "- v\n".repeat(SIZE / 4),
        "[" + "a,".repeat(SIZE / 2) + "]",
        "a: " + "1".repeat(SIZE),
        "a: 1." + "1".repeat(SIZE),
        "a: 0x" + "f".repeat(SIZE),
        "a: \"" + "\\x41".repeat(SIZE / 4) + "\"",
        laughs(10, 2),
        laughs(8, 5),
        laughs(25, 2),
        "a: &a [*a]");
  }

  /** Aliases of aliases, each of which stands for several of the ones before. */
  private static String laughs(int levels, int times) {
    StringBuilder text = new StringBuilder("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for (int i = 1; i < levels; i++) {
      text.append("a%d: &a%d [%s]%n".formatted(i, i, ("*a" + (i - 1) + ", ").repeat(times)));
    }
    return text.toString();
  }

  @ParameterizedTest
  @MethodSource("texts")
  @Timeout(value = 15, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
  void everyTextIsReadOrRefusedSoon(String text) {
    try {
      Documents.parse("run.yaml", folder, text);
    } catch (SettingsException e) {
      assertThat(e).hasMessageContaining("run.yaml");
      assertThat(e.getMessage()).hasSizeLessThan(50_000);
    }
  }

  @Test
  @Timeout(value = 5, unit = TimeUnit.SECONDS)
  void aFileThatIsTooLargeIsNotRead() throws Exception {
    Path file = Files.writeString(folder.resolve("run.yaml"), "key: value\n".repeat(2_000_000));
    assertThatExceptionOfType(SettingsException.class)
        .isThrownBy(() -> Documents.read(file))
        .withMessageContaining(
            "run.yaml: expected at most 262,144 bytes in a file of this kind, found 22,000,000")
        .withMessageContaining("data belongs into files of its own");
  }

  @Test
  void aNumberOfTooManyDigitsIsNamedWithItsLine() {
    assertThatExceptionOfType(SettingsException.class)
        .isThrownBy(() -> Documents.parse("run.yaml", folder, "a: 1\nepochs: " + "1".repeat(2000)))
        .withMessageContaining("run.yaml:2:9: expected a number of at most 1000 digits");
  }

  @Test
  void aliasesThatAreUsedWithMeasureStillWork() {
    Value value = Documents.parse("run.yaml", folder, "a: &x {b: 1}\nc: *x\nd: *x\n");
    assertThat(value.content()).isInstanceOf(Map.class);
    assertThat((Map<?, ?>) value.content()).hasSize(3);
  }

  @Test
  void onlyTheFirstProblemsAreListed() {
    assertThatExceptionOfType(SettingsException.class)
        .isThrownBy(() -> Documents.parse("run.yaml", folder, "k: v\n".repeat(500)))
        .withMessageContaining("and 399 more problems");
  }
}
