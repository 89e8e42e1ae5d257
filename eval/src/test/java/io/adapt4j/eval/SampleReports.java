package io.adapt4j.eval;

import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.eval.spi.AnswerMetric;
import io.adapt4j.eval.spi.Item;
import io.adapt4j.eval.spi.Request;
import io.adapt4j.eval.spi.TaskMetric;
import io.adapt4j.eval.stats.Bootstrap;
import io.adapt4j.eval.task.AnswerExtraction;
import io.adapt4j.eval.task.Task;
import io.adapt4j.eval.task.Tasks;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;

/** Reports of candidates that are right about as often as a test says. */
public final class SampleReports {

  /** Solved questions that stand before each. */
  public static final String SHOTS = "Question: 1 + 1?\nAnswer: 2\n\n";

  private SampleReports() {}

  /** Multiple choice of two subjects; the right answer is the item's number in words. */
  public static Task exam(int items) {
    List<Item> all = new ArrayList<>();
    for (int i = 0; i < items; i++) {
      all.add(
          Tasks.choiceItem(
              "e" + i,
              SHOTS
                  + "Question: Which is number "
                  + i
                  + (i % 7 == 0 ? ", if any?" : "?")
                  + "\nAnswer:",
              List.of("right " + i, "wrong " + i % 3),
              " ",
              List.of(0),
              Map.of("subject", i % 4 == 0 ? "history" : "physics")));
    }
    return new Task("exam", all, List.of(TaskMetric.mean("acc"), TaskMetric.mean("mc2")), false);
  }

  /** Questions whose answer is the number in them. */
  public static Task counting(int items) {
    List<Item> all = new ArrayList<>();
    for (int i = 0; i < items; i++) {
      all.add(
          Tasks.answerItem(
              "c" + i,
              "What is " + i + "?",
              GenerationOptions.greedy(),
              List.of(String.valueOf(i)),
              AnswerExtraction.whole(),
              AnswerMetric.EXACT_MATCH,
              Map.of("parity", i % 2 == 0 ? "even" : "odd")));
    }
    return new Task(
        "counting",
        all,
        List.of(
            TaskMetric.mean("exact_match"),
            new TaskMetric("cut", false, new TaskMetric.Mean("cut"))),
        false);
  }

  /** Texts of growing length that are scored as wholes. */
  public static Task texts(int items) {
    return Tasks.perplexity(
            "texts",
            IntStream.range(0, items).mapToObj(i -> "a text of some words ".repeat(i + 1)).toList())
        .general();
  }

  /**
   * A candidate that is right on a share of the items, and surer where it is right.
   *
   * @param skill the share
   * @param seed decides on which items
   */
  public static Candidate candidate(String identity, double skill, long seed) {
    return new ScriptedCandidate(
        identity,
        request -> likelihood(request, skill, seed),
        prompt -> {
          String number = prompt.replaceAll("\\D", "");
          return draw(prompt, seed) < skill ? number : "none of " + number.length();
        });
  }

  private static double likelihood(Request.Likelihood request, double skill, long seed) {
    boolean knows = draw(request.context(), seed) < skill;
    boolean right = request.continuation().startsWith(" right");
    double margin = (knows ? 3 : 1.5) * draw(request.context(), seed + 1);
    return right == knows ? -1 : -1 - margin;
  }

  private static double draw(String text, long seed) {
    Random random = new Random(31L * text.hashCode() + seed);
    random.nextInt();
    return random.nextDouble();
  }

  public static Evaluator evaluator() {
    return Evaluator.builder()
        .tasks(exam(120), counting(60), texts(8))
        .bootstrap(new Bootstrap(500, 0.95, 0))
        .build();
  }

  public static EvaluationReport single() {
    return evaluator().evaluate("tuned", candidate("model at 1", 0.7, 7));
  }

  /** Two candidates on one task. */
  public static ComparisonReport compared(Task task) {
    Evaluator evaluator = Evaluator.builder().tasks(task).build();
    return evaluator.compare(
        List.of(
            evaluator.evaluate("base", candidate("base", 0.3, 1)),
            evaluator.evaluate("tuned", candidate("tuned", 0.7, 1))));
  }

  public static ComparisonReport comparison() {
    Map<String, Candidate> candidates = new LinkedHashMap<>();
    candidates.put("base", candidate("model at 0", 0.5, 3));
    candidates.put("tuned", candidate("model at 1", 0.8, 7));
    candidates.put("tuned and rag", candidate("model at 2", 0.55, 11));
    return evaluator().compare(candidates);
  }
}
