package io.adapt4j.eval.task;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.eval.spi.Item;
import io.adapt4j.eval.spi.Reply;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Prompts as lm-evaluation-harness writes them. */
class PublicSetsTest {

  private static final Path DATA = Path.of("../../shared/data");

  @TempDir Path folder;

  private Path file(String name, String... lines) {
    try {
      return Files.write(folder.resolve(name), List.of(lines));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path data(String name) {
    Path file = DATA.resolve(name);
    Assumptions.assumeTrue(Files.exists(file), "no " + name + " beside this checkout");
    return file;
  }

  @Test
  void readsMmluAsCsvWithoutHeaderAndAsJsonLines() {
    Path csv =
        file("high_school_physics_test.csv", "\"What falls, and why?\",up,down,left,right,B");
    Path json =
        file(
            "mmlu.jsonl",
            "{\"subject\":\"high_school_physics\",\"question\":\"What falls, and why?\","
                + "\"choices\":[\"up\",\"down\",\"left\",\"right\"],\"answer\":1}");

    for (Path path : List.of(csv, json)) {
      ChoiceItem item = (ChoiceItem) MultipleChoice.mmlu(path).build().items().get(0);
      assertThat(item.context())
          .isEqualTo(
              """
              The following are multiple choice questions (with answers) about high school physics.

              What falls, and why?
              A. up
              B. down
              C. left
              D. right
              Answer:""");
      assertThat(item.choices()).containsExactly("A", "B", "C", "D");
      assertThat(item.right()).containsExactly(1);
      assertThat(item.fields()).containsEntry("subject", "high_school_physics");
    }
  }

  @Test
  void putsSolvedQuestionsOfTheSameSubjectBefore() {
    Path test =
        file(
            "t.jsonl",
            "{\"subject\":\"b\",\"question\":\"Q\",\"choices\":[\"x\",\"y\"],\"answer\":0}");
    Path solved =
        file(
            "s.jsonl",
            "{\"subject\":\"a\",\"question\":\"other\",\"choices\":[\"x\",\"y\"],\"answer\":0}",
            "{\"subject\":\"b\",\"question\":\"Solved\",\"choices\":[\"x\",\"y\"],\"answer\":1}");

    ChoiceItem item =
        (ChoiceItem) MultipleChoice.mmlu(test).fewShot(1, solved).build().items().get(0);

    assertThat(item.context())
        .isEqualTo(
            """
            The following are multiple choice questions (with answers) about b.

            Solved
            A. x
            B. y
            Answer: B

            Q
            A. x
            B. y
            Answer:""");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> MultipleChoice.mmlu(test).fewShot(2, solved).build())
        .withMessageContaining("found 1");
  }

  @Test
  void readsArc() {
    Path arc =
        file(
            "arc.jsonl",
            "{\"id\":\"M1\",\"question\":\"Why?\",\"choices\":{\"text\":[\"x\",\"y\"],"
                + "\"label\":[\"1\",\"2\"]},\"answerKey\":\"2\"}");

    ChoiceItem item = (ChoiceItem) MultipleChoice.jsonl("arc", arc).build().items().get(0);

    assertThat(item.id()).isEqualTo("M1");
    assertThat(item.context()).isEqualTo("Question: Why?\nAnswer:");
    assertThat(item.choices()).containsExactly("x", "y");
    assertThat(item.right()).containsExactly(1);
  }

  @Test
  void readsHellaSwagWithItsMarksTakenOut() {
    Path file =
        file(
            "h.jsonl",
            "{\"activity_label\":\"Baking\",\"ctx_a\":\"A man bakes.\",\"ctx_b\":\"he\","
                + "\"endings\":[\"[header] eats.\",\"sings [title] loudly\"],\"label\":\"1\"}");

    Task task = MultipleChoice.jsonl("hellaswag", file).build();
    ChoiceItem item = (ChoiceItem) task.items().get(0);

    assertThat(item.context()).isEqualTo("Baking: A man bakes. He");
    assertThat(item.choices()).containsExactly(" eats.", "sings.  loudly".replace("  ", " "));
    assertThat(task.primary().name()).isEqualTo(ChoiceItem.ACC_NORM);
  }

  @Test
  void namesTheLineOfAMalformedRow() {
    Path file =
        file(
            "bad.jsonl",
            "{\"question\":\"Q\",\"choices\":[\"x\",\"y\"],\"answer\":0}",
            "{\"question\":\"Q\",\"choices\":[\"x\",\"y\"],\"answer\":5}");

    assertThatIllegalArgumentException()
        .isThrownBy(() -> MultipleChoice.jsonl("bad", file))
        .withMessageContaining("bad.jsonl line 2")
        .withMessageContaining("answer");
  }

  @Test
  void takesGsm8kAnswersStrictlyAndFlexibly() {
    Path file =
        file("g.jsonl", "{\"question\":\"How many?\",\"answer\":\"1+1=<<1+1=2>>2\\n#### 1,200\"}");
    Task task = Tasks.gsm8k(file, 0, null);
    Item item = task.items().get(0);

    assertThat(item.requests().get(0))
        .extracting("prompt")
        .isEqualTo("Question: How many?\nAnswer:");
    assertThat(judged(item, "So it is\n#### 1200"))
        .containsEntry("exact_match", 1.0)
        .containsEntry("flexible", 1.0);
    assertThat(judged(item, "It makes $1,200."))
        .containsEntry("exact_match", 0.0)
        .containsEntry("flexible", 1.0);
    assertThat(judged(item, "I do not know"))
        .containsEntry("exact_match", 0.0)
        .containsEntry("flexible", 0.0);
  }

  private static Map<String, Double> judged(Item item, String text) {
    return item.judge(List.of(new Reply.Text(text, FinishReason.STOP))).metrics();
  }

  @Test
  void readsTheWholePublicSets() {
    assertThat(
            MultipleChoice.mmlu(data("mmlu_subset/test.jsonl"))
                .fewShot(5, data("mmlu_subset/dev_5shot.jsonl"))
                .build()
                .items())
        .hasSize(2510);
    assertThat(Tasks.gsm8k(data("gsm8k/test.jsonl"), 5, data("gsm8k/train.jsonl")).items())
        .hasSize(1319);
    assertThat(Tasks.truthfulQa(data("truthfulqa/TruthfulQA.csv")).items()).hasSize(817);
    assertThat(Tasks.squad(data("squad/xquad_en_a.json"), true).items()).hasSize(612);
  }

  @Test
  void grantsEveryReferenceOfGsm8kItsOwnAnswer() {
    for (Item item : Tasks.gsm8k(data("gsm8k/test.jsonl"), 0, null).items()) {
      String answer = ((TextItem) item).references().get(0);
      assertThat(judged(item, answer).get("exact_match")).as(item.id()).isCloseTo(1, within(0.0));
    }
  }
}
