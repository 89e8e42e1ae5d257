package io.adapt4j.cli;

import io.adapt4j.core.data.Row;
import io.adapt4j.upkeep.drift.DriftReport;
import io.adapt4j.upkeep.drift.DriftTest;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Tests whether rows have drifted. */
@Command(
    name = "drift",
    description =
        "Tests whether rows differ between a reference period and now: texts by a classifier,"
            + " numbers, categories. The exit code is 1 if they do.",
    mixinStandardHelpOptions = true)
final class DriftCommand implements Callable<Integer> {

  @Mixin private Output output;

  @Parameters(index = "0", paramLabel = "REFERENCE", description = "Rows of the reference period.")
  private Path reference;

  @Parameters(index = "1", paramLabel = "NOW", description = "Rows of now.")
  private Path now;

  @Option(
      names = "--field",
      paramLabel = "FIELD",
      description =
          "A text to test. Without this option and the next two, every field that is a text, a"
              + " number, or a category.")
  private List<String> texts = new ArrayList<>();

  @Option(names = "--number", paramLabel = "FIELD", description = "A number to test.")
  private List<String> numbers = new ArrayList<>();

  @Option(names = "--category", paramLabel = "FIELD", description = "A category to test.")
  private List<String> categories = new ArrayList<>();

  @Option(
      names = "--alpha",
      paramLabel = "P",
      defaultValue = "0.05",
      description = "Probability of a false alarm. Default: ${DEFAULT-VALUE}.")
  private double alpha;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "0",
      description = "Seed of folds and random divisions. Default: ${DEFAULT-VALUE}.")
  private long seed;

  DriftCommand() {}

  @Override
  public Integer call() {
    List<Row> before = DriftTest.rows(reference);
    List<Row> after = DriftTest.rows(now);
    DriftTest.Builder builder =
        DriftTest.builder()
            .text(texts.toArray(String[]::new))
            .number(numbers.toArray(String[]::new))
            .category(categories.toArray(String[]::new))
            .alpha(alpha)
            .seed(seed);
    if (texts.isEmpty() && numbers.isEmpty() && categories.isEmpty()) {
      List<Row> all = new ArrayList<>(before);
      all.addAll(after);
      builder.detect(all);
    }
    DriftReport report = builder.build().compare(before, after);
    output.write(report.text(), Output.parsed(report.json()));
    return report.drifted() ? ExitCode.FINDINGS : ExitCode.OK;
  }
}
