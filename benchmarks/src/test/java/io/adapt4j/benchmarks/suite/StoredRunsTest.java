package io.adapt4j.benchmarks.suite;

import static io.adapt4j.benchmarks.suite.ExampleRuns.run;
import static io.adapt4j.benchmarks.suite.ExampleRuns.speed;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.exception.DescriptionException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StoredRunsTest {

  @TempDir Path folder;

  private StoredRuns stored() {
    return new StoredRuns(folder.resolve("results"));
  }

  private static Run everyKind() {
    Figure target = Figure.smallerRatio("loading / reading", 1.75).target(1.5).label("loading");
    Run run = run(0, speed(34.72, 0.4), target);
    List<Result> results = new ArrayList<>(run.results());
    results.add(Result.skipped("StsBenchmark", "sts.csv", "sts.csv is not here"));
    results.add(Result.failed("PlanBenchmark", "", "exit 1: a \"quoted\" line\nand another"));
    return new Run(
        run.date(),
        Profile.FULL,
        "Load|Sts",
        run.seconds(),
        new Commit("", false),
        run.machine(),
        run.versions(),
        results);
  }

  @Test
  void aStoredRunIsReadAsItWas() throws IOException {
    Path file = stored().store(everyKind(), "one");

    assertThat(RunJson.read(file)).isEqualTo(everyKind());
    assertThat(stored().all()).containsExactly(everyKind());
    try (var files = Files.list(file.getParent())) {
      assertThat(files).containsExactly(file);
    }
  }

  @Test
  void runsAreOrderedByDateNotByName() throws IOException {
    stored().store(run(2, speed(2, 1)), "a");
    stored().store(run(1, speed(1, 1)), StoredRuns.REFERENCE);

    assertThat(stored().all()).extracting(Run::date).isSorted();
    assertThat(run(1).fileName()).isEqualTo("2026-11-21T08-00-00Z-quick");
  }

  @Test
  void aFolderThatIsNotThereHasNoRuns() throws IOException {
    assertThat(stored().all()).isEmpty();
  }

  @Test
  void aDamagedRunIsRefusedWithFileFieldAndRemedy() throws IOException {
    Path file = folder.resolve("run.json");
    Files.writeString(
        file,
        RunJson.write(run(0, speed(1, 1)))
            .toPrettyString()
            .replace("\"schema\" : 1", "\"schema\" : 7")
            .replace("\"value\" : 1.0", "\"value\" : \"fast\"")
            .replace("\"profile\" : \"quick\"", "\"profile\" : \"quik\""));

    assertThatThrownBy(() -> RunJson.read(file))
        .isInstanceOf(DescriptionException.class)
        .hasMessageContaining("run.json")
        .hasMessageContaining("schema: expected 1")
        .hasMessageContaining("Did you mean 'quick'?")
        .hasMessageContaining("value: expected a number");
  }

  @Test
  void twoFiguresOfOneNameAreRefused() throws IOException {
    Path file = folder.resolve("run.json");
    Files.writeString(
        file,
        RunJson.write(run(0, speed(1, 1), Figure.larger("other", "", 1)))
            .toPrettyString()
            .replace("\"other\"", "\"speed\""));

    assertThatThrownBy(() -> RunJson.read(file)).hasMessageContaining("two figures of one name");
  }

  @Test
  void aStoredRunIsShownComparedAndMarkedAndFillsTheTable() throws IOException {
    stored().store(run(0, speed(100, 1)), StoredRuns.REFERENCE);
    Path now = stored().store(run(1, speed(80, 1).label("decoding")), "now");
    Path readme = folder.resolve("README.md");
    Files.writeString(
        readme, "# Title\n" + PerformanceTable.BEGIN + PerformanceTable.END + "\nThe rest\n");
    List<String> said = new ArrayList<>();
    Suite suite = new Suite(Profile.QUICK, "", stored().folder(), said::add);

    boolean good = suite.show(now, Optional.of(readme));

    assertThat(good).isFalse();
    assertThat(said).anyMatch(line -> line.startsWith("worse: DecodeBenchmark --tokens 64: speed"));
    assertThat(stored().folder().resolve(run(1).fileName() + ".html"))
        .content()
        .contains("-20.0 % worse");
    assertThat(readme).content().contains("| decoding | 80.0 ± 1.0 tokens/s |").endsWith("rest\n");
  }

  @Test
  void theTableIsCheckedBeforeAnythingIsMeasured() throws IOException {
    Path readme = Files.writeString(folder.resolve("README.md"), "# Title\n");
    Suite suite = new Suite(Profile.QUICK, "", stored().folder(), line -> {});
    Suite part = new Suite(Profile.QUICK, "Load", stored().folder(), line -> {});

    assertThatThrownBy(() -> suite.run("io.adapt4j.benchmarks", false, Optional.of(readme)))
        .hasMessageContaining("README.md: expected the lines " + PerformanceTable.BEGIN);
    assertThatThrownBy(() -> part.run("io.adapt4j.benchmarks", false, Optional.of(readme)))
        .hasMessageContaining("leave out the pattern Load");
  }
}
