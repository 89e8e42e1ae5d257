package io.adapt4j.benchmarks.harness;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TableTest {

  private static final Run RUN =
      new Run(
          "2026-11-20T08:00:00Z",
          "quick",
          null,
          new Run.Host("EPYC", List.of("avx512_bf16", "fma"), null, 2, 23.5, "Linux 6 amd64"),
          new Run.Software("0.1.0", "01234567", "17.0.21 Vendor", "2.7.1", "0.36.0", 2),
          new Run.Limits(450.0, null, 33.0),
          new Run.Load(0.1, null),
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
                      Measurement.larger("decoding", "tokens/s", 84)
                          .label("decoding")
                          .beside(
                              Samples.of(42)
                                  .of(
                                      Peer.named("llama.cpp", "3", "BF16"),
                                      Samples.of(1.9, 2, 2.1).largerRatio("ratio"))),
                      Measurement.larger("not shown", "", 1))),
              Result.failed("DecodeBenchmark", "", "exit 1")));

  @Test
  void theTableNamesFiguresTargetsMachineAndVersions() {
    assertThat(new Table(RUN).markdown())
        .isEqualToNormalizingNewlines(
            """
            | what | measured | target |
            | --- | --- | --- |
            | LoRA step, 135M model | 431 ± 5 tokens/s | at least 400 tokens/s |
            | its a\\|b memory | 4.10 GB | at most 3.7 GB: missed |
            | decoding | 84.0 tokens/s, 2.00 ± 0.10 times llama.cpp, BF16 |  |

            Measured on EPYC with avx512_bf16, 2 threads, Linux 6 amd64; Java 17.0.21 Vendor, libtorch 2.7.1, DJL 0.36.0, \
            Adapt4J 0.1.0 at 01234567; 2026-11-20T08:00:00Z, profile `quick`.
            """);
  }

  @Test
  void aFileHasWhatWasMeasuredAndWhatFailedAndNoTargets(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("runs/host.json");
    RUN.write(file);

    Run read = Run.read(file);

    assertThat(read).isEqualTo(RUN.withoutTargets());
    assertThat(read.results()).last().isEqualTo(RUN.results().get(1));
    assertThat(Files.readString(file))
        .doesNotContain("target")
        .contains("\"fp32_gflops\" : null", "\"status\" : \"failed\"", "\"ratio_error\" : 0.1");
    assertThat(file.getParent()).isDirectoryNotContaining("glob:**.part");
  }
}
