package io.adapt4j.eval.report;

import io.adapt4j.eval.Retention;
import io.adapt4j.eval.TaskComparison;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/** Formats the conclusions of a comparison as sentences. */
final class Verdicts {

  static final double LEVEL = 0.05;

  static final String CAVEAT =
      "Intervals are of these items and others of their kind, not of other trainings. Differences"
          + " count as clear at p \u2264 0.05, task by task, without a correction for their number.";

  private Verdicts() {}

  static String of(TaskComparison comparison) {
    if (comparison.isBetter(LEVEL)) {
      return "better";
    }
    return comparison.isWorse(LEVEL) ? "worse" : "no clear difference";
  }

  static String of(Retention.Verdict verdict) {
    return switch (verdict) {
      case KEPT -> "kept";
      case LOST -> "lost";
      case UNSURE -> "unsure";
    };
  }

  /** One or more sentences per candidate. */
  static List<String> sentences(Content content, UnaryOperator<String> name) {
    List<String> sentences = new ArrayList<>();
    content.others().forEach(report -> add(sentences, content, report.candidate(), name));
    return sentences;
  }

  private static void add(
      List<String> sentences, Content content, String candidate, UnaryOperator<String> name) {
    List<TaskComparison> all = content.comparisons(candidate);
    sentences.add(
        "%s against %s: better on %s, worse on %s, no clear difference on %s."
            .formatted(
                name.apply(candidate),
                name.apply(content.first().candidate()),
                some(all, comparison -> comparison.isBetter(LEVEL), name),
                some(all, comparison -> comparison.isWorse(LEVEL), name),
                some(
                    all,
                    comparison -> !comparison.isBetter(LEVEL) && !comparison.isWorse(LEVEL),
                    name)));
    for (TaskComparison comparison : all) {
      comparison
          .retention()
          .ifPresent(
              kept ->
                  sentences.add(
                      "%s kept %s (%s to %s) of the general ability %s, %s%s"
                          .formatted(
                              name.apply(candidate),
                              Texts.percent(kept.kept().value()),
                              Texts.percent(kept.kept().low()),
                              Texts.percent(kept.kept().high()),
                              name.apply(comparison.task()),
                              required(content),
                              meaning(kept.verdict()))));
    }
  }

  private static String required(Content content) {
    return Texts.percent(content.retentionThreshold().orElseThrow()) + " required: ";
  }

  private static String meaning(Retention.Verdict verdict) {
    return switch (verdict) {
      case KEPT -> "kept.";
      case LOST -> "lost.";
      case UNSURE -> "unsure, more items would tell.";
    };
  }

  private static String some(
      List<TaskComparison> all, Predicate<TaskComparison> which, UnaryOperator<String> name) {
    List<String> tasks = all.stream().filter(which).map(TaskComparison::task).toList();
    String names = tasks.stream().limit(5).map(name).collect(Collectors.joining(", "));
    return tasks.isEmpty()
        ? "none"
        : tasks.size() + " (" + names + (tasks.size() > 5 ? ", \u2026" : "") + ")";
  }
}
