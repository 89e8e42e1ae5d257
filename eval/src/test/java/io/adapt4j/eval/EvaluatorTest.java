package io.adapt4j.eval;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.text.TextGenerator;
import io.adapt4j.eval.spi.AnswerMetric;
import io.adapt4j.eval.spi.Item;
import io.adapt4j.eval.spi.Reply;
import io.adapt4j.eval.spi.Request;
import io.adapt4j.eval.spi.TaskMetric;
import io.adapt4j.eval.task.AnswerExtraction;
import io.adapt4j.eval.task.Task;
import io.adapt4j.eval.task.Tasks;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvaluatorTest {

  @TempDir Path folder;

  /** Questions 0 to n - 1, whose answer is the number itself. */
  private static Task counting(int n) {
    List<Item> items = new ArrayList<>();
    for (int i = 0; i < n; i++) {
      items.add(
          Tasks.answerItem(
              "q" + i,
              "What is " + i + "?",
              GenerationOptions.greedy(),
              List.of(String.valueOf(i)),
              AnswerExtraction.whole(),
              AnswerMetric.EXACT_MATCH,
              Map.of("parity", i % 2 == 0 ? "even" : "odd")));
    }
    return new Task("counting", items, List.of(TaskMetric.mean("exact_match")), false);
  }

  private static String number(String prompt) {
    return prompt.replaceAll("\\D", "");
  }

  /** Right on the numbers below a limit. */
  private static ScriptedCandidate upTo(String identity, int limit) {
    return ScriptedCandidate.answering(
        identity, prompt -> Integer.parseInt(number(prompt)) < limit ? number(prompt) : "no idea");
  }

  @Test
  void givesEachMetricWithItsInterval() {
    EvaluationReport report =
        Evaluator.builder().tasks(counting(100)).build().evaluate("three quarters", upTo("a", 75));

    TaskResult result = report.result("counting");
    assertThat(result.score().value()).isEqualTo(0.75);
    // The standard error is sqrt(0.75 0.25 / 100) = 0.0433.
    assertThat(result.score().low()).isCloseTo(0.75 - 1.96 * 0.0433, within(0.015));
    assertThat(result.score().high()).isCloseTo(0.75 + 1.96 * 0.0433, within(0.015));
    assertThat(result.outcomes()).hasSize(100);
    assertThat(result.outcomes().get(80).got()).isEqualTo("no idea");
    assertThat(result.outcomes().get(80).expected()).isEqualTo("80");
  }

  @Test
  void asksAnEqualRequestOnce() {
    ScriptedCandidate candidate = upTo("a", 10);
    Task first = counting(20);

    EvaluationReport report =
        Evaluator.builder().tasks(first, first.named("again")).build().evaluate(candidate);

    assertThat(candidate.asked).hasSize(20);
    assertThat(report.cost().asked()).isEqualTo(20);
    assertThat(report.result("again").score()).isEqualTo(report.result("counting").score());
  }

  @Test
  void goesOnFromKeptRepliesWithoutAskingTwice() {
    Evaluator evaluator =
        Evaluator.builder().tasks(counting(40)).replies(folder).batch(8, 8).build();
    ScriptedCandidate killed = upTo("a", 30).failingAfter(24);
    assertThatIllegalStateException().isThrownBy(() -> evaluator.evaluate(killed));
    assertThat(killed.asked).hasSize(24);

    ScriptedCandidate second = upTo("a", 30);
    EvaluationReport report = evaluator.evaluate(second);

    assertThat(second.asked).hasSize(16).doesNotContainAnyElementsOf(killed.asked);
    assertThat(report.cost().kept()).isEqualTo(24);
    assertThat(report.result("counting").score().value()).isEqualTo(0.75);
  }

  @Test
  void cutsOffALineThatAKilledProcessLeftUnfinished() throws IOException {
    Evaluator evaluator = Evaluator.builder().tasks(counting(10)).replies(folder).build();
    evaluator.evaluate(upTo("a", 5));
    Files.writeString(onlyFile(), "{\"key\":\"abc\",\"te", StandardOpenOption.APPEND);

    ScriptedCandidate again = upTo("a", 5);
    assertThat(evaluator.evaluate(again).cost().kept()).isEqualTo(10);

    assertThat(again.asked).isEmpty();
    assertThat(Files.readString(onlyFile())).endsWith("}\n");
  }

  @Test
  void skipsADamagedLineAndKeepsAllOthers() throws IOException {
    Evaluator evaluator = Evaluator.builder().tasks(counting(10)).replies(folder).build();
    evaluator.evaluate(upTo("a", 5));
    List<String> lines = Files.readAllLines(onlyFile());
    String damaged = lines.get(3).replace("\"text\":\"", "\"text\":\"1");
    assertThat(damaged).isNotEqualTo(lines.get(3));
    lines.set(3, damaged);
    Files.write(onlyFile(), lines);

    ScriptedCandidate again = upTo("a", 5);
    EvaluationReport report = evaluator.evaluate(again);
    assertThat(report.cost().kept()).isEqualTo(9);
    assertThat(again.asked).hasSize(1);
    assertThat(report.result("counting").score().value()).isEqualTo(0.5);
    assertThat(Files.readAllLines(onlyFile())).startsWith(lines.toArray(String[]::new)).hasSize(11);
    assertThat(evaluator.evaluate(upTo("a", 5)).cost().kept()).isEqualTo(10);
  }

  @Test
  void asksAgainWhereAKeptReplyIsOfAnotherKind() throws IOException {
    Evaluator evaluator = Evaluator.builder().tasks(counting(10)).replies(folder).build();
    evaluator.evaluate(upTo("a", 5));
    List<String> lines = Files.readAllLines(onlyFile());
    lines.set(
        3,
        lines
            .get(3)
            .replaceAll("\"text\".*", "\"logProbability\":-1.0,\"tokens\":1,\"greedy\":true}"));
    Files.write(onlyFile(), lines);

    assertThat(evaluator.evaluate(upTo("a", 5)).cost().kept()).isEqualTo(9);
  }

  @Test
  void readsRepliesThatWereKeptWithoutAChecksum() throws IOException {
    Evaluator evaluator = Evaluator.builder().tasks(counting(10)).replies(folder).build();
    evaluator.evaluate(upTo("a", 5));
    Files.writeString(
        onlyFile(), Files.readString(onlyFile()).replaceAll(",\"crc32c\":\"[0-9a-f]{8}\"", ""));
    assertThat(evaluator.evaluate(upTo("a", 5)).cost().kept()).isEqualTo(10);
  }

  @Test
  void keepsEachAnswerOfAGeneratorBeforeTheNextIsAsked() {
    Evaluator evaluator = Evaluator.builder().tasks(counting(40)).replies(folder).build();
    List<String> asked = new ArrayList<>();
    Candidate failing =
        Candidate.of(
            TextGenerator.of(
                "one",
                prompt -> {
                  if (asked.size() == 21) {
                    throw new IllegalStateException("the 22nd fails");
                  }
                  asked.add(prompt);
                  return number(prompt);
                }));
    assertThatIllegalStateException().isThrownBy(() -> evaluator.evaluate(failing));
    EvaluationReport report =
        evaluator.evaluate(
            Candidate.of(
                TextGenerator.of(
                    "one",
                    prompt -> {
                      assertThat(asked).doesNotContain(prompt);
                      return number(prompt);
                    })));
    assertThat(report.cost().kept()).isEqualTo(21);
    assertThat(report.result("counting").score().value()).isEqualTo(1);
  }

  @Test
  void keepsTheRepliesOfCandidatesApart() {
    Evaluator evaluator = Evaluator.builder().tasks(counting(10)).replies(folder).build();
    evaluator.evaluate(upTo("a", 5));

    assertThat(evaluator.evaluate(upTo("b", 7)).result("counting").score().value()).isEqualTo(0.7);
  }

  private Path onlyFile() throws IOException {
    try (Stream<Path> files = Files.list(folder)) {
      return files.findFirst().orElseThrow();
    }
  }

  @Test
  void comparesCandidatesItemByItemWithTheFirst() {
    Map<String, Candidate> candidates = new LinkedHashMap<>();
    candidates.put("base", upTo("a", 50));
    candidates.put("tuned", upTo("b", 80));

    ComparisonReport report = Evaluator.builder().tasks(counting(100)).build().compare(candidates);

    TaskComparison comparison = report.comparison("tuned", "counting");
    assertThat(comparison.difference().value()).isCloseTo(0.3, within(1e-12));
    assertThat(List.of(comparison.wins(), comparison.ties(), comparison.losses()))
        .containsExactly(30L, 70L, 0L);
    assertThat(comparison.isSignificant(0.001)).isTrue();
    assertThat(comparison.mcNemar().orElseThrow()).isCloseTo(Math.pow(2, -29), within(1e-12));
    assertThat(comparison.retention()).isEmpty();
    assertThat(report.baseline().candidate()).isEqualTo("base");
  }

  @Test
  void tellsWhatAGeneralTaskLost() {
    assertThat(retention(100, 100)).isEqualTo(Retention.Verdict.KEPT);
    assertThat(retention(100, 60)).isEqualTo(Retention.Verdict.LOST);
    assertThat(retention(100, 97)).isEqualTo(Retention.Verdict.UNSURE);
  }

  private static Retention.Verdict retention(int base, int tuned) {
    Map<String, Candidate> candidates = new LinkedHashMap<>();
    candidates.put("base", upTo("a", base));
    candidates.put("tuned", upTo("b", tuned));
    return Evaluator.builder()
        .tasks(counting(100).general())
        .build()
        .compare(candidates)
        .comparison("tuned", "counting")
        .retention()
        .orElseThrow()
        .verdict();
  }

  @Test
  void countsASmallerPerplexityAsBetter() {
    Task texts = Tasks.perplexity("texts", List.of("one text", "another text", "a third"));
    ScriptedCandidate worse =
        new ScriptedCandidate("b", request -> -1, text -> text) {
          @Override
          public Replies reply(List<? extends Request> requests) {
            return new Replies(
                requests.stream()
                    .map(other -> (Request.WholeText) other)
                    .<Reply>map(
                        wholeText ->
                            new Reply.Likelihood(
                                -2.0 * wholeText.text().length(), wholeText.text().length(), false))
                    .toList(),
                0,
                0);
          }
        };
    Map<String, Candidate> candidates = new LinkedHashMap<>();
    candidates.put("base", upTo("a", 0));
    candidates.put("worse", worse);

    ComparisonReport report =
        Evaluator.builder().tasks(texts.general()).build().compare(candidates);

    assertThat(report.baseline().result("texts").score().value())
        .isCloseTo(1 / Math.log(2), within(1e-12));
    TaskComparison comparison = report.comparison("worse", "texts");
    assertThat(comparison.largerIsBetter()).isFalse();
    assertThat(comparison.losses()).isEqualTo(3);
    assertThat(comparison.retention().orElseThrow().kept().value()).isCloseTo(0.5, within(1e-12));
  }

  @Test
  void refusesItemsOfOneId() {
    Item item = counting(1).items().get(0);
    assertThatIllegalArgumentException()
        .isThrownBy(
            () ->
                new Task(
                    "twice", List.of(item, item), List.of(TaskMetric.mean("exact_match")), false))
        .withMessageContaining("row 2")
        .withMessageContaining("q0");
  }

  @Test
  void refusesLikelihoodsOfWhatOnlyAnswers() {
    Candidate candidate = Candidate.of(TextGenerator.of("echo", text -> text));
    Item item =
        Tasks.choiceItem("1", "Two and two is", List.of("four", "five"), " ", List.of(0), Map.of());
    Task task = new Task("sums", List.of(item), List.of(TaskMetric.mean("acc")), false);

    assertThatThrownBy(() -> Evaluator.builder().tasks(task).build().evaluate(candidate))
        .isInstanceOf(UnsupportedOperationException.class)
        .hasMessageContaining("echo");
  }

  @Test
  void asksWhateverAnswers() {
    Candidate candidate = Candidate.of(TextGenerator.of("counter", EvaluatorTest::number));

    assertThat(
            Evaluator.builder()
                .tasks(counting(10))
                .build()
                .evaluate(candidate)
                .result("counting")
                .score()
                .value())
        .isEqualTo(1);
  }

  @Test
  void tellsWhatEachTaskCostAndWhatWasSpentOutsideTheCandidate() {
    Task first = counting(20);
    Task second = first.named("again");
    Task third = Tasks.perplexity("texts", List.of("a text"));

    EvaluationReport report =
        Evaluator.builder().tasks(first, second, third).build().evaluate(upTo("a", 10));

    assertThat(report.result("counting").cost().asked()).isEqualTo(20);
    assertThat(report.result("again").cost().asked()).isZero();
    assertThat(report.result("texts").cost().asked()).isEqualTo(1);
    Cost cost = report.cost();
    assertThat(cost.asked()).isEqualTo(21);
    assertThat(cost.overhead()).isEqualTo(cost.total().minus(cost.candidate()));
    assertThat(cost.overheadShare()).isBetween(0.0, 1.0);
    assertThat(report.results())
        .allSatisfy(
            taskResult -> assertThat(taskResult.cost().total()).isLessThanOrEqualTo(cost.total()));
  }

  @Test
  void measuresMemoryThatACandidateTakesWhileItReplies() {
    assumeTrue(Files.exists(Path.of("/proc/self/status")), "no /proc: not Linux");
    int bytes = 256 << 20;
    Evaluator evaluator = Evaluator.builder().tasks(counting(1)).build();
    long usual = evaluator.evaluate(upTo("a", 1)).cost().peakResidentBytes().orElseThrow();
    ScriptedCandidate greedy =
        ScriptedCandidate.answering(
            "greedy",
            prompt -> {
              // Outside the heap, whose pages may be resident already.
              ByteBuffer memory = ByteBuffer.allocateDirect(bytes);
              long until = System.nanoTime() + 200_000_000;
              int sum = 0;
              while (System.nanoTime() < until) {
                sum += memory.get((sum + 1) % bytes);
              }
              return String.valueOf(sum);
            });

    long peak = evaluator.evaluate(greedy).cost().peakResidentBytes().orElseThrow();

    assertThat(peak).isGreaterThan(usual + bytes / 2);
  }

  @Test
  void countsProgressOverAllTasks() {
    List<String> heard = new ArrayList<>();
    Evaluator.builder()
        .tasks(counting(20), Tasks.perplexity("texts", List.of("a text")))
        .batch(10, 10)
        .listener((name, done, all) -> heard.add(done + "/" + all))
        .build()
        .evaluate(upTo("a", 10));

    assertThat(heard).containsExactly("10/21", "20/21", "21/21");
  }

  @Test
  void refusesFewerRepliesThanRequests() {
    ScriptedCandidate candidate =
        new ScriptedCandidate("short", request -> -1, text -> text) {
          @Override
          public Replies reply(List<? extends Request> requests) {
            return new Replies(super.reply(requests).replies().subList(1, requests.size()), 0, 0);
          }
        };

    assertThatIllegalStateException()
        .isThrownBy(() -> Evaluator.builder().tasks(counting(3)).build().evaluate(candidate))
        .withMessageContaining("2 replies to 3 requests");
  }

  @Test
  void refusesRepliesOfAnotherKindThanTheRequest() {
    ScriptedCandidate candidate =
        new ScriptedCandidate("wrong", request -> -1, text -> text) {
          @Override
          public Replies reply(List<? extends Request> requests) {
            return new Replies(
                requests.stream().<Reply>map(one -> new Reply.Likelihood(-1, 1, true)).toList(),
                0,
                0);
          }
        };

    assertThatIllegalStateException()
        .isThrownBy(() -> Evaluator.builder().tasks(counting(3)).build().evaluate(candidate))
        .withMessageContaining("a reply of the kind Likelihood to a request of the kind Answer");
  }

  @Test
  void refusesALikelihoodThatIsNoNumber() {
    refuses(
        IllegalArgumentException.class, () -> new Reply.Likelihood(Double.NaN, 1, false), "NaN");
  }
}
