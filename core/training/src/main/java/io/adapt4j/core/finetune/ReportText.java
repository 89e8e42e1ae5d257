package io.adapt4j.core.finetune;

import io.adapt4j.core.internal.train.RunMetrics;
import io.adapt4j.core.internal.train.TrainingResult;
import io.adapt4j.core.train.TrainingWarning;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** Formats the report of a fine-tuning. */
final class ReportText {

  private ReportText() {}

  static String of(FineTuneReport report, TrainingResult result, RunMetrics metrics) {
    List<String> lines = new ArrayList<>();
    report.warnings().stream()
        .filter(ReportText::isOfTheWholeRun)
        .forEach(warning -> lines.add("WARNING: " + warning.text()));
    lines.add(
        format(
            "Training %s after %,d of %,d steps in %s",
            how(report), result.steps(), report.plan().steps(), clock(result.elapsed())));
    line(
        lines,
        "training loss",
        format(
            "%.4f in the first step, %.4f in the last steps",
            result.firstLoss(), result.lastLoss()));
    line(lines, "validation loss", validation(result));
    line(lines, "frozen baseline", baseline(report));
    line(lines, improved(result) ? "best metrics" : "metrics before", metrics(result));
    line(lines, "speed", speed(metrics));
    line(lines, "memory", memory(metrics));
    report.plan().questions().forEach(question -> line(lines, "unusual", question));
    report.plan().dataFindings().forEach(finding -> line(lines, "data", finding));
    report.plan().notes().forEach(note -> line(lines, "note", note));
    line(lines, "best", best(result));
    line(lines, "last", result.last().toString());
    line(lines, "samples", samples(result));
    List<TrainingWarning> others =
        report.warnings().stream().filter(warning -> !isOfTheWholeRun(warning)).toList();
    if (!others.isEmpty()) {
      lines.add("Warnings:");
    } else if (isClean(report)) {
      lines.add("No warnings");
    }
    others.forEach(warning -> lines.add("  step " + warning.step() + ": " + warning.text()));
    return String.join("\n", lines) + "\n";
  }

  /** Unusual settings and problems of the data appear above and count as warnings. */
  private static boolean isClean(FineTuneReport report) {
    return report.warnings().isEmpty()
        && report.plan().questions().isEmpty()
        && report.plan().dataFindings().isEmpty();
  }

  private static boolean isOfTheWholeRun(TrainingWarning warning) {
    return warning.kind() == TrainingWarning.Kind.ENDED_WORSE;
  }

  private static boolean improved(TrainingResult result) {
    return result.bestStep().orElse(0) > 0;
  }

  private static String best(TrainingResult result) {
    if (result.best().equals(result.last())) {
      return "";
    }
    return result.best() + (improved(result) ? "" : " (the model before training)");
  }

  private static String samples(TrainingResult result) {
    Path file = result.last().resolveSibling("samples.jsonl");
    return Files.exists(file) ? file.toString() : "";
  }

  private static void line(List<String> lines, String name, String text) {
    if (!text.isEmpty()) {
      lines.add(format("  %-16s%s", name, text));
    }
  }

  private static String how(FineTuneReport report) {
    return switch (report.reason()) {
      case COMPLETED -> "completed";
      case EARLY_STOPPED -> "stopped early";
      case STOP_REQUESTED -> "stopped on request";
      case FAILED -> "failed";
    };
  }

  private static String validation(TrainingResult result) {
    List<String> parts = new ArrayList<>();
    boolean ofTokens = result.tokenLoss() && result.bestMetrics().isEmpty();
    result
        .initialValidationLoss()
        .ifPresent(loss -> parts.add(loss(loss, ofTokens) + " before training"));
    if (improved(result) && result.bestValidationLoss().isPresent()) {
      parts.add(
          loss(result.bestValidationLoss().getAsDouble(), ofTokens)
              + " at best, in step "
              + result.bestStep().getAsInt());
    } else if (result.bestStep().isPresent()) {
      parts.add("no evaluation was better");
    }
    if (result.lastValidationLoss().isPresent()) {
      parts.add(loss(result.lastValidationLoss().getAsDouble(), ofTokens) + " at the end");
    }
    return String.join("; ", parts);
  }

  /** Perplexity applies to generated text; tasks with metrics have labels. */
  private static String loss(double loss, boolean ofTokens) {
    return ofTokens ? format("%.4f (perplexity %.2f)", loss, Math.exp(loss)) : format("%.4f", loss);
  }

  private static String metrics(TrainingResult result) {
    return words(result.bestMetrics());
  }

  /** With a fitted classifier, the metrics before training are the frozen baseline. */
  private static String baseline(FineTuneReport report) {
    boolean fitted =
        report.plan().options().stream()
            .anyMatch(
                option -> option.name().equals("headWarmStart") && option.value().equals("on"));
    return fitted ? words(report.initialMetrics()) : "";
  }

  private static String words(Map<String, Double> metrics) {
    return metrics.entrySet().stream()
        .map(entry -> format("%s %.4f", entry.getKey(), entry.getValue()))
        .collect(Collectors.joining(", "));
  }

  private static String speed(RunMetrics metrics) {
    List<String> parts = new ArrayList<>();
    metrics.tokensPerSecond().ifPresent(speed -> parts.add(format("%,.0f tokens/s", speed)));
    metrics
        .targetTokensPerSecond()
        .ifPresent(speed -> parts.add(format("%,.0f target tokens/s", speed)));
    metrics
        .processorShare()
        .ifPresent(share -> parts.add(format("%.0f %% of the processors", 100 * share)));
    return String.join(", ", parts);
  }

  private static String memory(RunMetrics metrics) {
    return metrics.peakResidentBytes().isPresent()
        ? format("%.2f GiB at most", (double) metrics.peakResidentBytes().getAsLong() / (1L << 30))
        : "";
  }

  private static String clock(Duration time) {
    return format("%d:%02d:%02d", time.toHours(), time.toMinutesPart(), time.toSecondsPart());
  }

  private static String format(String pattern, Object... arguments) {
    return String.format(Locale.ROOT, pattern, arguments);
  }
}
