package io.adapt4j.verification;

import io.adapt4j.core.finetune.FineTuneReport;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.plan.FineTunePlan;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/**
 * Trains each task by each method with the defaults on small real models and data, and prints
 * metrics on held-out rows before and after: the defaults must not make a model worse. {@code
 * --compare} also trains each at 2e-4, the former default.
 *
 * <p>{@code DefaultsCheck SHARED_DATA OUTPUT_FOLDER [--compare] [TASK ...]}. Exits with 1 if a
 * model got worse with its defaults, with 2 on wrong usage.
 */
public final class DefaultsCheck {

  private static final double FORMER_DEFAULT = 2e-4;

  private DefaultsCheck() {}

  /**
   * Runs the check.
   *
   * @param arguments folder of the data, folder to write to, options and names of tasks
   * @throws IOException if the encoder or data cannot be read
   */
  public static void main(String[] arguments) throws IOException {
    if (arguments.length < 2) {
      System.err.println("Usage: DefaultsCheck SHARED_DATA OUTPUT_FOLDER [--compare] [TASK ...]");
      System.exit(2);
    }
    List<String> rest = Arrays.asList(arguments).subList(2, arguments.length);
    List<String> only = rest.stream().filter(text -> !text.startsWith("--")).toList();
    Path output = Path.of(arguments[1]);
    boolean worse = false;
    for (DefaultsTrials.Trial trial : DefaultsTrials.all(Path.of(arguments[0]), only)) {
      worse |= run(trial, trial.builder().get(), output) < -trial.measure().noise();
      if (rest.contains("--compare")) {
        run(trial, trial.builder().get().learningRate(FORMER_DEFAULT), output);
      }
    }
    if (worse) {
      System.exit(1);
    }
  }

  /** Trains, prints, and returns how much better the model got; negative if it got worse. */
  private static double run(DefaultsTrials.Trial trial, FineTuner.Builder builder, Path output) {
    double before = trial.measure().before().getAsDouble();
    FineTuneReport report =
        builder
            .seed(trial.seed())
            .saveLimit(0)
            .output(output.resolve(trial.name().replace(' ', '-')))
            .overwriteOutput()
            .build()
            .run();
    double after = trial.measure().after().applyAsDouble(report);
    if (Double.isNaN(before)) {
      before = trial.measure().initial().applyAsDouble(report);
    }
    double gain = trial.measure().isMore() ? after - before : before - after;
    System.out.printf(
        Locale.ROOT,
        "%-28s %s, %d steps: %s %.4f -> %.4f%s (%s)%n",
        trial.name(),
        options(report.plan()),
        report.steps(),
        trial.measure().name(),
        before,
        after,
        trial.measure().more().apply(report),
        worded(gain, trial.measure().noise()));
    return gain;
  }

  private static String worded(double gain, double noise) {
    if (Math.abs(gain) <= noise) {
      return "as good";
    }
    return String.format(
        Locale.ROOT, gain < 0 ? "worse by %.4f" : "better by %.4f", Math.abs(gain));
  }

  private static String options(FineTunePlan plan) {
    return plan.options().stream()
        .map(
            option ->
                option.name() + " " + option.value() + (option.isDefault() ? "" : " (stated)"))
        .collect(Collectors.joining(", "));
  }
}
