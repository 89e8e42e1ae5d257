package io.adapt4j.benchmarks.harness;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SuiteTest {

  private static final String PROGRAMS = "io.adapt4j.benchmarks";

  @TempDir private Path folder;

  /** A program that leaves a file to the next one, and fails if told to. */
  @InSuite(quick = {"first", "fails", "second"})
  static final class Small {

    private Small() {}

    public static void main(String[] line) throws IOException {
      if (line[0].equals("fails")) {
        throw new IllegalStateException("No weights here");
      }
      TemporaryFolder.run(
          "",
          Small.class,
          models -> {
            long files = models.toFile().list().length;
            models.resolve(line[0]).toFile().mkdirs();
            MeasurementLog.add(List.of(Measurement.larger("files", "", (double) files)));
          });
    }
  }

  @Test
  void eachResultIsWrittenAndAFailureEndsNothing() throws IOException {
    Path file = folder.resolve("results/host.json");
    List<Integer> written = new ArrayList<>();
    List<String> said = new ArrayList<>();
    Suite suite =
        new Suite(
            List.copyOf(ProgramWork.all(Small.class, Profile.QUICK)),
            Profile.QUICK,
            line -> {
              said.add(line);
              written.add(Run.read(file).results().size());
            });

    assertThat(suite.run(file)).isFalse();

    assertThat(written).startsWith(1, 2, 3);
    assertThat(said).last().asString().startsWith("FAILED Small fails: exit 1");
    Run run = Run.read(file);
    assertThat(run.results())
        .extracting(Result::status)
        .containsExactly(Result.Status.MEASURED, Result.Status.FAILED, Result.Status.MEASURED);
    assertThat(run.results().get(2).figures()).extracting(Measurement::value).containsExactly(1.0);
    assertThat(run.profile()).isEqualTo("quick");
    assertThat(run.host().logicalProcessors())
        .isEqualTo(Runtime.getRuntime().availableProcessors());
    assertThat(run.software().libtorch()).isNotEmpty();
    assertThat(run.limits()).isEqualTo(Run.Limits.UNKNOWN);
    assertThat(Files.readString(file)).contains("\"kernels\" : ", "\"load\" : {");
    assertThat(System.getProperty(TemporaryFolder.SHARED)).isNull();
  }

  @Test
  void everyRunBeginsWithTheLimitsOfTheMachine() {
    Suite suite = new Suite(PROGRAMS, Profile.PUBLISHED, "GgufDecode", line -> {});

    assertThat(suite.titles().get(0)).isEqualTo("MachineLimits");
    assertThat(suite.titles().subList(1, suite.titles().size()))
        .isNotEmpty()
        .allMatch(title -> title.startsWith("GgufDecodeBenchmark --"));
  }

  @Test
  void limitsAreThoseThatTheProgramFound() {
    Result found =
        Result.measured(
            "MachineLimits",
            "",
            List.of(
                Measurement.larger("bf16 matrix products", "GFLOP/s", 450.04),
                Measurement.larger("memory reads", "GB/s", 33)));

    assertThat(MachineLimits.of(List.of(Result.failed("Other", "", ""), found)))
        .isEqualTo(new Run.Limits(450.0, null, 33.0));
  }
}
