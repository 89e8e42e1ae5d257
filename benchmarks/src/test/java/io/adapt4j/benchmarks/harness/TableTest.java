package io.adapt4j.benchmarks.harness;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.internal.provenance.SystemInfo;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class TableTest {

  private static final SystemInfo SYSTEM =
      new SystemInfo("0.1.0", "2.7.1", "0.36.0", "17.0.21 Vendor", "Linux 6 amd64", "EPYC", 2);

  private static final Table TABLE =
      new Table(
          Instant.parse("2026-11-20T08:00:00.5Z"),
          Profile.QUICK,
          "01234567",
          SYSTEM,
          List.of("sse2", "fma", "avx512_bf16"),
          List.of(
              Result.measured(
                  "TrainingBenchmark",
                  "--bf16",
                  List.of(
                      Measurement.larger("speed", "tokens/s", 431.4)
                          .plusMinus(5.2)
                          .target(400)
                          .label("LoRA step, 135M model"),
                      Measurement.smaller("peak", "GB", 4.1).target(3.7).label("its a|b memory"),
                      Measurement.larger("not shown", "", 1))),
              Result.failed("DecodeBenchmark", "", "exit 1")));

  @Test
  void theTableNamesFiguresTargetsMachineAndVersions() {
    assertThat(TABLE.markdown())
        .isEqualToNormalizingNewlines(
            """
            | what | measured | target |
            | --- | --- | --- |
            | LoRA step, 135M model | 431 ± 5 tokens/s | at least 400 tokens/s |
            | its a\\|b memory | 4.10 GB | at most 3.7 GB: missed |

            Measured on EPYC with avx512_bf16, 2 threads, Linux 6 amd64; Java 17.0.21 Vendor, libtorch 2.7.1, DJL 0.36.0, \
            Adapt4J 0.1.0 at 01234567; 2026-11-20, profile `quick`.
            """);
  }

  @Test
  void theRawNumbersHaveEveryFigureAndWhatFailed() {
    assertThat(TABLE.json().toString())
        .startsWith(
            "{\"date\":\"2026-11-20T08:00:00Z\",\"profile\":\"quick\",\"commit\":\"01234567\"")
        .contains(
            "{\"name\":\"speed\",\"unit\":\"tokens/s\",\"value\":431.4,\"error\":5.2,"
                + "\"larger_is_better\":true,\"ratio\":false,\"target\":400.0,"
                + "\"label\":\"LoRA step, 135M model\"}")
        .contains("\"instruction_sets\":[\"avx512_bf16\",\"fma\"]")
        .contains("{\"name\":\"not shown\"")
        .contains("\"benchmark\":\"DecodeBenchmark\",\"setting\":\"\",\"status\":\"failed\"");
  }
}
