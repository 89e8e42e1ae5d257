package io.adapt4j.eval;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.text.TextGenerator;
import io.adapt4j.eval.judge.AnswerPair;
import io.adapt4j.eval.judge.PairwiseJudge;
import io.adapt4j.eval.judge.PairwiseReport;
import io.adapt4j.eval.judge.RubricJudge;
import io.adapt4j.eval.judge.RubricReport;
import io.adapt4j.eval.judge.ScoredAnswer;
import io.adapt4j.eval.spi.AnswerMetric;
import io.adapt4j.eval.task.AnswerExtraction;
import io.adapt4j.eval.task.RowTask;
import io.adapt4j.eval.task.Task;
import io.adapt4j.eval.task.Tasks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The examples of docs/evaluation.md. */
class EvaluationGuideTest {

  private static final Path GUIDE = Path.of("../docs/evaluation.md");
  private static final String EXAM =
      """
      {"question":"Two and two?","reply":"It is 4","answer":"4"}
      {"question":"Three and three?","reply":"It is 6","answer":"6"}
      """;

  @TempDir Path folder;

  private Path file(String name, String text) throws IOException {
    return Files.writeString(folder.resolve(name), text);
  }

  private static Candidate saying(String text) {
    return Candidate.of(TextGenerator.of("says " + text, prompt -> text));
  }

  @Test
  void theYamlOfTheGuideDescribesItsTasks() throws IOException {
    Matcher yaml = Pattern.compile("(?s)```yaml\n(.*?)```").matcher(Files.readString(GUIDE));
    assertThat(yaml.find()).isTrue();
    file("exam.jsonl", EXAM);
    file("solved.jsonl", EXAM);
    Files.createDirectories(folder.resolve("mmlu/test"));
    Files.createDirectories(folder.resolve("mmlu/dev"));
    file("mmlu/test/law_test.csv", "Why?,a,b,c,d,A\n");
    file("mmlu/dev/law_dev.csv", "How?,a,b,c,d,B\n".repeat(5));
    file("more.yaml", "questions: {path: exam.jsonl}");

    List<Task> tasks = Tasks.read(file("tasks.yaml", yaml.group(1)));

    assertThat(tasks).extracting(Task::name).containsExactly("support", "mmlu", "exam.jsonl");
    Evaluator evaluator = Evaluator.builder().tasks(tasks.get(0)).build();
    // Of "it is 4" the extracted "4" has one word of three: F1 1/2, and 0 for the other row.
    assertThat(evaluator.evaluate(saying("1, or 4")).result("support").score().value())
        .isEqualTo(0.25);
  }

  @Test
  void candidatesAreComparedOnAnExam() throws IOException {
    Path exam = file("exam.jsonl", EXAM);
    Evaluator evaluator =
        Evaluator.builder().tasks(Tasks.jsonl(exam)).replies(folder.resolve("replies")).build();
    Map<String, Candidate> candidates = new LinkedHashMap<>();
    candidates.put("base", saying("5"));
    candidates.put("tuned", saying("4"));
    ComparisonReport report = evaluator.compare(candidates);
    TaskComparison comparison = report.comparison("tuned", "exam.jsonl");
    assertThat(comparison.difference().value()).isEqualTo(0.5);
    assertThat(comparison.pValue()).isBetween(0.0, 1.0);
  }

  @Test
  void rowsBecomeTasksByTemplate() throws IOException {
    Task capitals =
        RowTask.of(
                "capitals", file("capitals.csv", "country,capital,continent\nItaly,Rome,Europe\n"))
            .prompt("Question: What is the capital of {country}?\nAnswer:")
            .fewShot(2, file("solved.csv", "country,capital\nSpain,Madrid\nPeru,Lima\n"))
            .slicedBy("continent")
            .answers("capital", AnswerExtraction.firstLine(), AnswerMetric.SQUAD);
    Path reviews = file("reviews.csv", "text,label\na joy,1\n");
    Task mood =
        RowTask.of("mood", reviews)
            .prompt("Review: {text}\nMood:")
            .classes("label", Map.of("0", "bad", "1", "good"));
    Task intents = RowTask.of("intents", reviews).classesByHead("text", "label");
    assertThat(List.of(capitals, mood, intents))
        .allSatisfy(task -> assertThat(task.items()).hasSize(1));
  }

  @Test
  void judgesCompareAndScoreAnswers() throws IOException {
    Task support = Tasks.jsonl(file("exam.jsonl", EXAM)).named("support");
    Evaluator evaluator = Evaluator.builder().tasks(support).build();
    EvaluationReport baseReport = evaluator.evaluate(saying("5"));
    EvaluationReport tunedReport = evaluator.evaluate(saying("4, and gladly"));
    TextGenerator generator =
        TextGenerator.of(
            "judge", prompt -> prompt.contains("Answer A") ? "Verdict: tie" : "Score: 4");

    PairwiseReport duel =
        PairwiseJudge.of(generator)
            .criteria("how correct and how polite the answer is.")
            .replies(folder.resolve("verdicts"))
            .judge(AnswerPair.of(tunedReport.result("support"), baseReport.result("support")));
    RubricReport scores =
        RubricJudge.builder("5: right, polite, complete. 3: right. 1: wrong.", 5)
            .judge("large", generator)
            .judge("small", TextGenerator.of("small", prompt -> "Score: 3"))
            .build()
            .score(ScoredAnswer.of(tunedReport.result("support")));

    assertThat(duel.winRate().orElseThrow().value()).isEqualTo(0.5);
    assertThat(scores.mean().orElseThrow().value()).isEqualTo(3.5);
  }

  @Test
  void everyKindOfTaskStandsInTheGuide() throws IOException {
    String guide = Files.readString(GUIDE);
    String source =
        Files.readString(Path.of("src/main/java/io/adapt4j/eval/task/TaskDescription.java"));
    List<String> kinds =
        Pattern.compile("kinds\\.put\\(\"(\\w+)\"")
            .matcher(source)
            .results()
            .map((MatchResult match) -> match.group(1))
            .toList();
    assertThat(kinds).hasSizeGreaterThan(10);
    assertThat(kinds).allSatisfy(kind -> assertThat(guide).contains("| `" + kind + "` |"));
  }
}
