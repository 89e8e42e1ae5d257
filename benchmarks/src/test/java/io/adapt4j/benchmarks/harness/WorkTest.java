package io.adapt4j.benchmarks.harness;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.openjdk.jmh.annotations.Param;

class WorkTest {

  private static final String PROGRAMS = "io.adapt4j.benchmarks";
  private static final Path SOURCES = Path.of("src/main/java");

  @BeforeAll
  static void otherJmhProcessesDoNotMatterHere() {
    System.setProperty("jmh.ignoreLock", "true");
  }

  static List<Class<?>> programs() {
    return ProgramWork.programs(PROGRAMS);
  }

  @ParameterizedTest
  @MethodSource("programs")
  void everyProgramTakesPartOrSaysWhyNot(Class<?> program) {
    InSuite suite = program.getAnnotation(InSuite.class);

    assertThat(suite).as("@InSuite of %s", program).isNotNull();
    boolean takesPart = suite.quick().length + suite.published().length + suite.full().length > 0;
    assertThat(takesPart).isEqualTo(suite.leftOut().isEmpty());
  }

  @ParameterizedTest
  @MethodSource("programs")
  void everyOptionOfACommandLineIsOneOfTheProgram(Class<?> program) throws IOException {
    String source =
        Files.readString(SOURCES.resolve(program.getName().replace('.', '/') + ".java"));
    InSuite suite = program.getAnnotation(InSuite.class);
    String body = source.replaceFirst("(?s)@InSuite\\(.*?\\)\n", "");

    assertThat(Stream.of(suite.quick(), suite.published(), suite.full()).flatMap(Arrays::stream))
        .flatMap(line -> List.of(line.split(" ", -1)))
        .filteredOn(word -> word.startsWith("--"))
        .allSatisfy(option -> assertThat(body).containsPattern(option + "[ \"]"));
  }

  @Test
  void programsAreFoundByTheirMainMethods() throws IOException {
    assertThat(programs())
        .extracting(Class::getSimpleName)
        .containsExactlyInAnyOrderElementsOf(sourcesWith("static void main("));
  }

  @ParameterizedTest
  @EnumSource(names = {"QUICK", "FULL"})
  void everyJmhClassIsMeasured(Profile profile) throws IOException {
    Set<String> classes =
        JmhWork.all(profile).stream()
            .map(work -> work.name().substring(0, work.name().indexOf('.')))
            .collect(Collectors.toCollection(TreeSet::new));

    assertThat(classes).isNotEmpty().containsExactlyElementsOf(sourcesWith("  @Benchmark\n"));
  }

  /** Otherwise the quick profile would measure more than it is meant to. */
  @Test
  void theParametersThatTheQuickProfileSetsExist() throws ClassNotFoundException {
    Set<String> names = new TreeSet<>();
    for (JmhWork work : JmhWork.all(Profile.QUICK)) {
      String type = work.method().substring(0, work.method().lastIndexOf('.'));
      Stream.of(Class.forName(type).getFields())
          .filter(field -> field.isAnnotationPresent(Param.class))
          .forEach(field -> names.add(field.getName()));
    }

    assertThat(names).contains("type", "precision");
  }

  private static Set<String> sourcesWith(String text) throws IOException {
    Set<String> names = new TreeSet<>();
    try (Stream<Path> files = Files.walk(SOURCES)) {
      for (Path file : files.filter(path -> path.toString().endsWith(".java")).toList()) {
        if (Files.readString(file).contains(text)) {
          names.add(file.getFileName().toString().replace(".java", ""));
        }
      }
    }
    return names;
  }

  /** A program that reports what its arguments say. */
  @InSuite(quick = {"--speed 7", "silent", "dies", "twice"})
  static final class Small {

    private Small() {}

    public static void main(String[] line) {
      System.out.println("working");
      switch (line[0]) {
        case "silent" -> MeasurementLog.add(List.of());
        case "twice" ->
            MeasurementLog.add(
                List.of(Measurement.larger("speed", "", 1), Measurement.larger("speed", "", 2)));
        case "dies" -> throw new IllegalStateException("No weights here");
        default -> {
          double speed = Double.parseDouble(line[1]);
          MeasurementLog.add(
              List.of(Measurement.larger("speed", "rows/s", speed).plusMinus(1).target(5)));
          MeasurementLog.add(List.of(Measurement.smallerRatio("cost", 0.5).label("cost")));
        }
      }
    }
  }

  @InSuite(quick = "", needs = "no/such/file")
  static final class Needy {

    private Needy() {}

    public static void main(String[] line) {
      MeasurementLog.add(List.of(Measurement.larger("ran", "", 1)));
    }
  }

  private static List<Result> measure(Class<?> program) {
    return ProgramWork.all(program, Profile.QUICK).stream()
        .flatMap(work -> work.measure().stream())
        .toList();
  }

  @Test
  void aProgramRunsInAProcessOfItsOwnForEachCommandLine() {
    List<Result> results = measure(Small.class);

    assertThat(results.get(0))
        .isEqualTo(
            Result.measured(
                "Small",
                "--speed 7",
                List.of(
                    Measurement.larger("speed", "rows/s", 7).plusMinus(1).target(5),
                    Measurement.smallerRatio("cost", 0.5).label("cost"))));
    assertThat(results.get(1)).isEqualTo(Result.failed("Small", "silent", "reported no figures"));
    assertThat(results.get(2).status()).isEqualTo(Result.Status.FAILED);
    assertThat(results.get(2).reason()).startsWith("exit 1: working").contains("No weights here");
    assertThat(results.get(3).status()).isEqualTo(Result.Status.FAILED);
    assertThat(results.get(3).reason()).contains("two figures of one name: [speed, speed]");
  }

  @Test
  void aProgramWhoseFilesAreMissingIsSkipped() {
    assertThat(measure(Needy.class))
        .containsExactly(Result.skipped("Needy", "", "no/such/file is not here"));
  }

  @Test
  void aJmhBenchmarkGivesTheMedianOfItsIterations() {
    List<Result> results =
        new JmhWork(PROGRAMS + ".evaluation.BootstrapBenchmark.mean", Profile.QUICK).measure();

    assertThat(results)
        .extracting(Result::title)
        .containsExactlyInAnyOrder(
            "BootstrapBenchmark.mean rows=1000", "BootstrapBenchmark.mean rows=10000");
    assertThat(results)
        .allSatisfy(
            result -> {
              Measurement time = result.figures().get(0);
              assertThat(time.unit()).isEqualTo("ms/op");
              assertThat(time.largerIsBetter()).isFalse();
              assertThat(time.value()).isPositive();
              assertThat(time.error()).isNotNull();
            });
  }

  @Test
  void aJmhBenchmarkThatDoesNotExistFails() {
    assertThat(new JmhWork(PROGRAMS + ".No.such", Profile.QUICK).measure())
        .extracting(Result::status)
        .containsExactly(Result.Status.FAILED);
  }
}
