package io.adapt4j.verification.study;

import io.adapt4j.eval.stats.Bootstrap;
import io.adapt4j.eval.stats.Comparison;
import io.adapt4j.eval.stats.ConfidenceInterval;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/** Results of a study as Markdown. */
final class StudyTable {

  /** Significance level. */
  private static final double LEVEL = 0.05;

  private final StudyRuns runs;
  private final StudySize size;
  private final Map<Condition, Map<String, Double>> scores = new LinkedHashMap<>();

  StudyTable(StudyRuns runs, StudySize size) throws IOException {
    this.runs = runs;
    this.size = size;
    for (Condition condition : Condition.all()) {
      Map<String, Double> all = new LinkedHashMap<>();
      for (long seed : size.seeds()) {
        all.putAll(Scores.read(runs.scores(seed, condition)));
      }
      scores.put(condition, all);
    }
  }

  String text() throws IOException {
    List<String> lines = new ArrayList<>();
    int questions = scores.get(Condition.BASE).size();
    lines.add(
        format(
            "%d questions with four answers on new facts, %d seeds. Chance: 25 %%. Intervals: 95"
                + " %%, bootstrap over questions.",
            questions, size.seeds().size()));
    lines.add("");
    lines.add("| condition | accuracy | interval | by seed | kept |");
    lines.add("| --- | --- | --- | --- | --- |");
    for (Condition condition : Condition.all()) {
      lines.add(row(condition));
    }
    lines.add("");
    lines.add(
        "Kept: how much the model still knows of what the base model was asked about before.");
    lines.add("");
    lines.add("| difference | points | interval | p |");
    lines.add("| --- | --- | --- | --- |");
    lines.add(difference(Condition.RAG, Condition.BASE));
    for (double rate : Condition.RATES) {
      lines.add(difference(Condition.RAG, Condition.tuned(10, rate)));
      lines.add(difference(Condition.tuned(1, rate), Condition.BASE));
      lines.add(difference(Condition.tuned(10, rate), Condition.tuned(1, rate)));
      lines.add(difference(Condition.tuned(10, rate), Condition.repeated(rate)));
      lines.add(difference(Condition.both(10, rate), Condition.RAG));
    }
    lines.add("");
    lines.add(retrieval());
    lines.add(stored());
    lines.add("");
    lines.addAll(verdicts());
    return String.join("\n", lines).strip() + "\n";
  }

  private String row(Condition condition) throws IOException {
    ConfidenceInterval all = Bootstrap.DEFAULT.mean(values(scores.get(condition)));
    List<String> seeds = new ArrayList<>();
    double kept = 0;
    for (long seed : size.seeds()) {
      seeds.add(format("%.1f", 100 * mean(runs.scores(seed, condition))));
      kept += mean(runs.keptScores(seed, condition)) / size.seeds().size();
    }
    return format(
        "| %s | %.1f %% | %.1f to %.1f | %s | %.1f %% |",
        condition.title(),
        100 * all.value(),
        100 * all.low(),
        100 * all.high(),
        String.join(", ", seeds),
        100 * kept);
  }

  private String difference(Condition item, Condition other) {
    Comparison compared = compare(item, other);
    return format(
        "| %s less %s | %+.1f | %+.1f to %+.1f | %.4f |",
        item.title(),
        other.title(),
        100 * compared.difference().value(),
        100 * compared.difference().low(),
        100 * compared.difference().high(),
        compared.pValue());
  }

  private Comparison compare(Condition condition, Condition other) {
    return Bootstrap.DEFAULT.compare(scores.get(condition), scores.get(other));
  }

  private String retrieval() throws IOException {
    Map<String, Double> found = new LinkedHashMap<>();
    for (long seed : size.seeds()) {
      found.putAll(Scores.read(runs.retrieved(seed)));
    }
    double[] all = values(found);
    return format(
        "The document that answers was among the %d passages for %.1f %% of the questions.",
        StudyRuns.PASSAGES, 100 * Bootstrap.DEFAULT.mean(all).value());
  }

  private String stored() throws IOException {
    return format(
        "The base model on what it was pre-trained on: %.1f %% where it saw statements and"
            + " questions, %.1f %% where it saw statements only.",
        100 * mean(runs.askedScores()), 100 * mean(runs.toldScores()));
  }

  /** Returns the published findings, each with whether it is reproduced here. */
  private List<String> verdicts() {
    List<String> lines = new ArrayList<>();
    for (double rate : Condition.RATES) {
      lines.add(format("Fine-tuned at %.0e:", rate));
      lines.add("");
      lines.add(verdict("RAG is above fine-tuning on any number of paraphrases", ragIsAbove(rate)));
      lines.add(
          verdict(
              "accuracy rises from each number of paraphrases to the next ("
                  + Condition.byWordings(rate).stream()
                      .map(condition -> format("%.1f", 100 * mean(condition)))
                      .collect(Collectors.joining(", "))
                  + ")",
              rises(Condition.byWordings(rate))));
      lines.add(
          verdict(
              "10 paraphrases are above 1",
              isAbove(Condition.tuned(10, rate), Condition.tuned(1, rate))));
      lines.add(
          verdict(
              "10 paraphrases are above 1 in as many steps",
              isAbove(Condition.tuned(10, rate), Condition.repeated(rate))));
      lines.add("");
    }
    return lines;
  }

  private boolean rises(List<Condition> conditions) {
    return IntStream.range(1, conditions.size())
        .allMatch(i -> mean(conditions.get(i)) > mean(conditions.get(i - 1)));
  }

  private boolean ragIsAbove(double rate) {
    return Condition.byWordings(rate).stream()
        .allMatch(condition -> isAbove(Condition.RAG, condition));
  }

  private boolean isAbove(Condition condition, Condition other) {
    Comparison compared = compare(condition, other);
    return compared.difference().value() > 0 && compared.pValue() <= LEVEL;
  }

  private static String verdict(String finding, boolean shows) {
    return "- " + finding + ": " + (shows ? "yes" : "no");
  }

  private double mean(Condition condition) {
    return Bootstrap.DEFAULT.mean(values(scores.get(condition))).value();
  }

  private static double mean(Path file) throws IOException {
    return Bootstrap.DEFAULT.mean(values(Scores.read(file))).value();
  }

  private static double[] values(Map<String, Double> scores) {
    return scores.values().stream().mapToDouble(Double::doubleValue).toArray();
  }

  private static String format(String pattern, Object... arguments) {
    return String.format(Locale.ROOT, pattern, arguments);
  }
}
