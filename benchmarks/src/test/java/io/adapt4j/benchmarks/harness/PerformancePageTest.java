package io.adapt4j.benchmarks.harness;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PerformancePageTest {

  private static final Path ROOT = Path.of("..");
  private static final Path PAGE = ROOT.resolve("docs/performance.md");
  private static final Path RESULTS = Path.of("results");
  private static final String TABLE = "<!-- figures: decoding; loading -->\nold\n<!-- end -->\n";
  private static final String DECODING = "decoding, bf16: batch 1";

  @TempDir private Path folder;

  @Test
  void thePageIsWhatTheResultsSay() throws IOException {
    String page = Files.readString(PAGE);

    assertThat(PerformancePage.of(ROOT, RESULTS).filled(page))
        .as("written by PerformancePage from benchmarks/results")
        .isEqualToNormalizingNewlines(page);
  }

  @Test
  void theReadmeClaimsNoMoreThanTheLowestRatios() throws IOException {
    PerformancePage results = PerformancePage.of(ROOT, RESULTS);

    assertThat(results.unsupported(Files.readString(ROOT.resolve("README.md")))).isEmpty();
  }

  @Test
  void everyProgramThatThePageNamesIsKept() throws IOException {
    String page = Files.readString(PAGE);
    Path programs = Path.of("src/main/java/io/adapt4j/benchmarks");

    assertThat(Pattern.compile("`studies/(\\w+\\.java)").matcher(page).results())
        .isNotEmpty()
        .allSatisfy(found -> assertThat(Path.of("studies", found.group(1))).exists());
    assertThat(Pattern.compile("[`|]([a-z]+)\\.([A-Z]\\w+)").matcher(page).results())
        .isNotEmpty()
        .allSatisfy(
            found ->
                assertThat(programs.resolve(found.group(1)).resolve(found.group(2) + ".java"))
                    .exists());
  }

  private void write(String name, String date, Double load, Result... results) throws IOException {
    new Run(
            date,
            "published",
            null,
            new Run.Host("EPYC", List.of("avx2", "avx512f"), null, 2, 23.0, null),
            new Run.Software(null, null, null, null, null, null),
            new Run.Limits(450.0, 120.0, null),
            new Run.Load(load, null),
            List.of(results))
        .write(folder.resolve(name));
  }

  private static Result decoding(double rate, double peer, Double error) {
    double ratio = rate / peer;
    return Result.measured(
        "DecodeBenchmark",
        "--tokens 64",
        List.of(
            Measurement.larger("batch 1", "tokens/s", rate)
                .plusMinus(1)
                .label(DECODING)
                .beside(new Peer("llama.cpp", "3.22", "BF16", peer, null, ratio, error)),
            Measurement.larger("rest", "", 1)));
  }

  private PerformancePage twoHosts() throws IOException {
    write("fast.json", "2026-11-27T10:00:00Z", 0.2, decoding(120, 50, 0.2));
    write(
        "slow.json",
        "2026-11-30",
        null,
        decoding(80, 50, 0.25),
        Result.measured(
            "LoadBenchmark", "", List.of(Measurement.smaller("t", "ms", 40).label("loading"))),
        Result.failed("TrainingBenchmark", "", "exit 1"));
    return PerformancePage.of(ROOT, folder);
  }

  @Test
  void tablesHaveTheLowestAndTheHighestOfTheRuns() throws IOException {
    assertThat(twoHosts().filled("# Page\n\n<!-- hosts -->\n<!-- end -->\n" + TABLE + "end\n"))
        .isEqualTo(
            """
            # Page

            <!-- hosts -->
            |run|processor|bf16; fp32 products, GFLOP/s|memory reads|load|peers|
            |---|---|---|---|---|---|
            |A, 2026-11-27|EPYC, avx512f, 2 threads, 23 GiB|450; 120||0.2|3.22|
            |B, 2026-11-30|EPYC, avx512f, 2 threads, 23 GiB|450; 120|||3.22|
            <!-- end -->
            <!-- figures: decoding; loading -->
            |what|Adapt4J|compared with|ratio|command|
            |---|---|---|---|---|
            |decoding, bf16: batch 1|80.0 ± 1.0 to 120 ± 1 tokens/s|llama.cpp, BF16: 50|\
            1.60 ± 0.25 (B) to 2.40 ± 0.20 (A)|`inference.DecodeBenchmark --tokens 64`|
            |loading|40 ms (B)|||`inference.LoadBenchmark`|
            <!-- end -->
            end
            """);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "1.3 times as fast <!-- lowest: decoding -->; 0",
        "1.3 times as fast as 3 others <!-- lowest: decoding, bf16 -->; 0",
        "1.4 times as fast <!-- lowest: decoding -->; 1",
        "1 times as fast <!-- lowest: training -->; 1",
        "twice as fast as others; 1",
        "trains 1.1 times as fast <!-- lowest: decoding --> and decodes 2 times as fast; 1",
        "nothing of speed; 0"
      })
  void aClaimIsAtMostTheLowerEndOfTheLowestRatio(String text, int problems) throws IOException {
    assertThat(twoHosts().unsupported(text)).hasSize(problems);
  }

  @Test
  void figuresWithoutTableOrProgramAreRefused() throws IOException {
    PerformancePage page = twoHosts();
    assertThatThrownBy(() -> page.filled("no table"))
        .hasMessageContaining("No table of the page is for")
        .hasMessageContaining(DECODING);

    write(
        "lost.json",
        "2026-12-01",
        null,
        Result.measured(
            "LostBenchmark", "", List.of(Measurement.larger("t", "", 1).label("decoding"))));
    PerformancePage lost = PerformancePage.of(ROOT, folder);
    assertThatThrownBy(() -> lost.filled(TABLE)).hasMessageContaining("LostBenchmark.java");
  }

  @Test
  void aRunHasALabelOnceAndAUnitForIt() throws IOException {
    write("twice.json", "2026-12-01", null, decoding(1, 1, null), decoding(2, 1, null));
    assertThatThrownBy(() -> PerformancePage.of(ROOT, folder))
        .hasMessageContaining("twice.json has '" + DECODING + "' twice");

    write("twice.json", "2026-12-01", null, decoding(1, 1, null));
    write(
        "units.json",
        "2026-12-01",
        null,
        Result.measured(
            "DecodeBenchmark", null, List.of(Measurement.smaller("t", "ms", 1).label(DECODING))));
    PerformancePage units = PerformancePage.of(ROOT, folder);
    assertThatThrownBy(() -> units.filled(TABLE)).hasMessageContaining("units [tokens/s, ms]");
  }
}
