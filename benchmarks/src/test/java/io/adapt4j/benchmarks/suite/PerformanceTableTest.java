package io.adapt4j.benchmarks.suite;

import static io.adapt4j.benchmarks.suite.ExampleRuns.run;
import static io.adapt4j.benchmarks.suite.ExampleRuns.speed;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PerformanceTableTest {

  private static final String README =
      "# Title\n\n" + PerformanceTable.BEGIN + "\nold\n" + PerformanceTable.END + "\n\nMore.\n";

  private static final Run RUN =
      run(
          0,
          speed(431.4, 5.2).target(400).label("LoRA step, 135M model"),
          Figure.smaller("peak", "GB", 4.1).target(3.7).label("its a|b memory"),
          Figure.larger("not shown", "", 1));

  @Test
  void theTableNamesFiguresTargetsMachineAndVersions() {
    assertThat(PerformanceTable.of(RUN))
        .isEqualTo(
            """
            | what | measured | target |
            | --- | --- | --- |
            | LoRA step, 135M model | 431 ± 5 tokens/s | at least 400 tokens/s |
            | its a\\|b memory | 4.10 GB | at most 3.7 GB: missed |

            Measured on AMD EPYC, 2 logical processors, 23 GiB, AVX-512 with avx512_bf16, Linux amd64, \
            OMP_WAIT_POLICY=PASSIVE; JDK 17.0.21 (Vendor), libtorch 2.7.1, DJL 0.36.0, Adapt4J 0.1.0 \
            at 01234567; 2026-11-20, profile `quick`.
            """);
  }

  @Test
  void writingTwiceChangesNothingMoreAndNothingAround() {
    String once = PerformanceTable.replace("README.md", README, RUN);

    assertThat(once).startsWith("# Title\n\n").endsWith("\n\nMore.\n").doesNotContain("old");
    assertThat(PerformanceTable.replace("README.md", once, RUN)).isEqualTo(once);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "no markers",
        "<!-- performance:begin --> only",
        "<!-- performance:end --> <!-- performance:begin -->",
        "<!-- performance:begin --> <!-- performance:end --> <!-- performance:end -->"
      })
  void aFileWithoutItsMarkersIsRefused(String text) {
    assertThatThrownBy(() -> PerformanceTable.replace("README.md", text, RUN))
        .hasMessageContaining("README.md: expected the lines")
        .hasMessageContaining("once each");
  }
}
