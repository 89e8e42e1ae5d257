package io.adapt4j.examples.study;

import io.adapt4j.eval.stats.Bootstrap;
import io.adapt4j.eval.stats.Comparison;
import io.adapt4j.eval.stats.Interval;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/** What came out, as Markdown. */
final class StudyTable {

  /** What a difference may be claimed at. */
  private static final double LEVEL = 0.05;

  private final StudyRuns runs;
  private final StudySize size;
  private final Map<Condition, Map<String, Double>> scores = new LinkedHashMap<>();

  StudyTable(StudyRuns runs, StudySize size) throws IOException {
    this.runs = runs;
    this.size = size;
    for (Condition condition : Condition.ALL) {
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
            "%d questions with four answers on new facts, %d seeds. Chance: 25 %%. Intervals: 95 %%,"
                + " bootstrap over questions.",
            questions, size.seeds().size()));
    lines.add("");
    lines.add("| condition | accuracy | interval | by seed |");
    lines.add("| --- | --- | --- | --- |");
    for (Condition condition : Condition.ALL) {
      lines.add(row(condition));
    }
    lines.add("");
    lines.add("| difference | points | interval | p |");
    lines.add("| --- | --- | --- | --- |");
    lines.add(difference(Condition.RAG, Condition.BASE));
    lines.add(difference(Condition.RAG, Condition.TEN));
    lines.add(difference(Condition.ONCE, Condition.BASE));
    lines.add(difference(Condition.TEN, Condition.ONCE));
    lines.add(difference(Condition.TEN, Condition.REPEATED));
    lines.add(difference(Condition.TEN_WITH_RAG, Condition.RAG));
    lines.add("");
    lines.add(retrieval());
    lines.add(stored());
    lines.add("");
    lines.addAll(verdicts());
    return String.join("\n", lines) + "\n";
  }

  private String row(Condition condition) throws IOException {
    Interval all = Bootstrap.DEFAULT.mean(values(scores.get(condition)));
    List<String> seeds = new ArrayList<>();
    for (long seed : size.seeds()) {
      seeds.add(format("%.1f", 100 * mean(runs.scores(seed, condition))));
    }
    return format(
        "| %s | %.1f %% | %.1f to %.1f | %s |",
        condition.name(),
        100 * all.value(),
        100 * all.low(),
        100 * all.high(),
        String.join(", ", seeds));
  }

  private String difference(Condition one, Condition other) {
    Comparison compared = compare(one, other);
    return format(
        "| %s less %s | %+.1f | %+.1f to %+.1f | %.4f |",
        one.name(),
        other.name(),
        100 * compared.difference().value(),
        100 * compared.difference().low(),
        100 * compared.difference().high(),
        compared.pValue());
  }

  private Comparison compare(Condition one, Condition other) {
    return Bootstrap.DEFAULT.compare(
        Scores.items(scores.get(one)), Scores.items(scores.get(other)));
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

  /** The published findings, each with whether it shows here. */
  private List<String> verdicts() {
    List<Condition> rising = Condition.BY_WORDINGS;
    boolean rises = true;
    for (int i = 1; i < rising.size(); i++) {
      rises &= mean(rising.get(i)) >= mean(rising.get(i - 1));
    }
    return List.of(
        verdict("RAG is above every fine-tuned model without it", ragIsAbove()),
        verdict(
            "accuracy rises from each number of wordings to the next ("
                + rising.stream()
                    .map(one -> format("%.1f", 100 * mean(one)))
                    .collect(Collectors.joining(", "))
                + ")",
            rises),
        verdict("10 wordings are above 1", isAbove(Condition.TEN, Condition.ONCE)),
        verdict(
            "10 wordings are above 1 trained as long", isAbove(Condition.TEN, Condition.REPEATED)));
  }

  private boolean ragIsAbove() {
    return Condition.ALL.stream()
        .filter(one -> one.isTuned() && !one.grounded())
        .allMatch(one -> isAbove(Condition.RAG, one));
  }

  private boolean isAbove(Condition one, Condition other) {
    Comparison compared = compare(one, other);
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
    return Scores.items(scores).values();
  }

  private static String format(String pattern, Object... arguments) {
    return String.format(Locale.ROOT, pattern, arguments);
  }
}
