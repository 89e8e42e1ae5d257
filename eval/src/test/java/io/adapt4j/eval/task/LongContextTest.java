package io.adapt4j.eval.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.exception.SettingsException;
import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.core.text.TextGenerator;
import io.adapt4j.core.tokenize.Tokenizer;
import io.adapt4j.eval.Candidate;
import io.adapt4j.eval.EvaluationReport;
import io.adapt4j.eval.Evaluator;
import io.adapt4j.eval.report.ReportWriter;
import io.adapt4j.eval.spi.Item;
import io.adapt4j.eval.spi.Outcome;
import io.adapt4j.eval.spi.Reply;
import io.adapt4j.eval.spi.Request;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class LongContextTest {

  private static final Path STORIES = Path.of("../examples/models/stories260K").toAbsolutePath();

  @TempDir private Path folder;

  private static int words(String text) {
    return text.split("\\s+", -1).length;
  }

  private static Request.Answer request(Item item) {
    return (Request.Answer) item.requests().get(0);
  }

  private static Map<String, Double> graded(Item item, String answer) {
    Outcome outcome = item.judge(List.of(new Reply.Text(answer, FinishReason.STOP)));
    return outcome.metrics();
  }

  private static List<String> references(Item item) {
    return ((TextItem) item).references();
  }

  @ParameterizedTest
  @EnumSource(LongContext.Kind.class)
  void aPromptFillsItsLengthAndLeavesRoomForTheAnswer(LongContext.Kind kind) {
    try (Tokenizer tokenizer = Tokenizer.load(STORIES)) {
      Task task =
          LongContext.of(kind, text -> tokenizer.encode(text, false).length)
              .lengths(1500, 5000)
              .depths(0.5)
              .items(2)
              .task();
      assertThat(task.items()).hasSize(4);
      assertThat(task.name()).isEqualTo(kind.name().toLowerCase(Locale.ROOT));
      for (Item item : task.items()) {
        int length = Integer.parseInt(item.fields().get("length"));
        Request.Answer request = request(item);
        int tokens = tokenizer.encode(request.prompt(), false).length;
        assertThat(tokens + request.options().maxNewTokens()).isBetween(length - 120, length);
        for (String reference : references(item)) {
          assertThat(request.prompt()).contains(reference);
          assertThat(tokenizer.encode(reference, false).length * references(item).size())
              .isLessThanOrEqualTo(request.options().maxNewTokens());
        }
      }
    }
  }

  @ParameterizedTest
  @EnumSource(LongContext.Kind.class)
  void theSameSeedGivesTheSameItemsAndRightAnswersAreRight(LongContext.Kind kind) {
    LongContext settings = LongContext.of(kind, LongContextTest::words).lengths(800).items(2);
    Task task = settings.task();
    assertThat(settings.task().equals(task)).isTrue();
    assertThat(settings.seed(1).task().equals(task)).isFalse();
    assertThat(task.items().stream().map(item -> request(item).prompt())).doesNotHaveDuplicates();
    for (Item item : task.items()) {
      String all = String.join(", ", references(item));
      assertThat(graded(item, all)).containsEntry("found", 1.0).containsEntry("exact", 1.0);
      assertThat(graded(item, "I do not know.")).containsEntry("found", 0.0);
      String first = references(item).get(0);
      int many = references(item).size();
      assertThat(graded(item, "It is " + first + ".").get("found"))
          .isCloseTo(1.0 / many, within(1e-12));
      assertThat(graded(item, first)).containsEntry("exact", many == 1 ? 1.0 : 0.0);
    }
  }

  @Test
  void theNeedleStandsAtItsDepth() {
    Task task =
        LongContext.of(LongContext.Kind.NEEDLE, LongContextTest::words)
            .lengths(2000)
            .depths(0, 0.25, 1)
            .items(1)
            .task();
    for (Item item : task.items()) {
      String prompt = request(item).prompt();
      String text = prompt.substring(prompt.indexOf("\n\n") + 2, prompt.lastIndexOf("\n\n"));
      double depth = Double.parseDouble(item.fields().get("depth"));
      int at = text.indexOf("The secret number of the ");
      double share = (double) at / (text.length() - "The secret number of the x is 1.".length());
      assertThat(share).isCloseTo(depth, within(0.02));
    }
  }

  @Test
  void aWrongNumberOfTheTextIsNotExact() {
    Item item =
        LongContext.of(LongContext.Kind.KEYS, LongContextTest::words)
            .lengths(600)
            .depths(0.3)
            .task()
            .items()
            .get(0);
    String right = references(item).get(0);
    String wrong =
        Pattern.compile("is (\\d{7})\\.")
            .matcher(request(item).prompt())
            .results()
            .map(found -> found.group(1))
            .filter(number -> !number.equals(right))
            .findFirst()
            .orElseThrow();
    assertThat(graded(item, right + " or " + wrong))
        .containsEntry("found", 1.0)
        .containsEntry("exact", 0.0);
    String written = right.replaceAll("(\\d)(\\d{3})(\\d{3})", "$1,$2,$3");
    assertThat(graded(item, "It is " + written)).containsEntry("exact", 1.0);
    assertThat(graded(item, "1" + right)).containsEntry("found", 0.0);
  }

  @Test
  void aChainOfVariablesHasOneValue() {
    Item item =
        LongContext.of(LongContext.Kind.VARIABLES, LongContextTest::words)
            .lengths(600)
            .depths(0.9)
            .task()
            .items()
            .get(0);
    String prompt = request(item).prompt();
    Matcher asked = Pattern.compile("have the value (\\d+)").matcher(prompt);
    assertThat(asked.find()).isTrue();
    String value = asked.group(1);
    for (String name : references(item)) {
      Matcher assigned = Pattern.compile("VAR " + name + " = (\\w+)\\.").matcher(prompt);
      assertThat(assigned.find()).isTrue();
      assertThat(assigned.group(1)).isEqualTo(value);
      assertThat(assigned.find()).isFalse();
      value = name;
    }
    assertThat(prompt.split("VAR ", -1)).hasSize(11);
  }

  @Test
  void theReportShowsLengthsAndDepths() {
    Task task =
        LongContext.of(LongContext.Kind.NEEDLE, LongContextTest::words)
            .lengths(300, 600)
            .depths(0, 1)
            .items(1)
            .task();
    // Reads the last fifty words, as a model with a short window does.
    TextGenerator sees =
        TextGenerator.of(
            "end",
            prompt -> {
              Matcher found = Pattern.compile("is (\\d{7})\\.").matcher(prompt);
              boolean near = found.find() && words(prompt.substring(found.start())) < 50;
              return near ? found.group(1) : "unknown";
            });
    EvaluationReport report =
        Evaluator.builder().tasks(task).build().evaluate("model", Candidate.of(sees));
    assertThat(ReportWriter.of(report).markdown())
        .contains("by length and depth", "| length | 0.00 | 1.00 |")
        .containsPattern("\\| 300 \\| 0\\S* \\| 1\\S* \\|")
        .containsPattern("\\| 600 \\| 0\\S* \\| 1\\S* \\|");
  }

  @Test
  void aFileOfTasksSelectsThem() throws IOException {
    Path file = folder.resolve("tasks.yaml");
    Files.writeString(
        file,
        """
        tasks:
          - name: long
            longContext: {kind: variables, tokenizer: "%s", lengths: [700], depths: [0, 1], items: 3, seed: 2}
          - longContext: {tokenizer: "%s", lengths: [300]}
        """
            .formatted(STORIES, STORIES));
    List<Task> tasks = Tasks.read(file);
    assertThat(tasks).extracting(Task::name).containsExactly("long", "needle");
    assertThat(tasks.get(0).items()).hasSize(6);
    assertThat(tasks.get(1).items()).hasSize(20);
    Files.writeString(file, "longContext: {lengths: [10]}");
    assertThatExceptionOfType(SettingsException.class)
        .isThrownBy(() -> Tasks.read(file))
        .withMessageContaining("longContext.tokenizer");
    Files.writeString(file, "longContext: {lengths: [10], tokenizer: \"%s\"}".formatted(STORIES));
    assertThatExceptionOfType(SettingsException.class)
        .isThrownBy(() -> Tasks.read(file))
        .withMessageContaining("longContext.lengths")
        .withMessageContaining("expected at least");
  }

  @Test
  void wrongSettingsAreRefused() {
    LongContext settings = LongContext.of(LongContext.Kind.NEEDLE, LongContextTest::words);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> settings.depths(1.5))
        .withMessageContaining("from 0 to 1, found 1.5");
    assertThatIllegalArgumentException().isThrownBy(() -> settings.items(0));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> settings.lengths(20).task())
        .withMessageContaining("lengths: expected at least");
  }
}
