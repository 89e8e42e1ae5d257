package io.adapt4j.core.augment;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.augment.QuestionParser.Pair;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.PromptTemplate;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class QuestionWriterTest {

  private static final Dataset PASSAGE =
      Datasets.of(List.of(new Example.Text("The castle of Malahide was built in 1185.")));

  @Test
  void questionsBecomePromptsAndAnswersCompletions() {
    Script script =
        new Script(
            (text, number) ->
                "Q: When was the castle of Malahide built?\nA: In 1185.\n\n"
                    + "Q: What was built in 1185?\nA: The castle of Malahide.");
    Augmented augmented = QuestionWriter.by(script).questions(2).write(PASSAGE);
    assertThat(augmented.dataset().size()).isEqualTo(2);
    assertThat(augmented.dataset().get(0))
        .isEqualTo(
            new Example.PromptCompletion(
                "Question: When was the castle of Malahide built?\nAnswer:\n", "In 1185."));
    assertThat(augmented.dataset().source(1).orElseThrow().value("source")).isEqualTo(0L);
    assertThat(augmented.dataset().source(1).orElseThrow().value("paraphrase")).isEqualTo(2L);
    assertThat(script.prompts.get(0)).contains("Write 2 different questions", "Malahide");
    assertThat(augmented.report().calls()).isEqualTo(1);
  }

  @Test
  void whatThePassageDoesNotSayAndWhatWasAskedAlreadyIsRejected() {
    List<String> answers =
        List.of(
            "Q: When was it built?\nA: In 1186.\nQ: Where is it?\nA: It is near Dublin.\n"
                + "Q: What is it?\nA: A castle.",
            "Q: What is it?\nA: It is a castle.\nQ: How old is the castle?\nA: Built in 1185.");
    Script script = new Script((text, number) -> answers.get(number));
    Augmented augmented = QuestionWriter.by(script).questions(2).write(PASSAGE);
    assertThat(augmented.report().rejected())
        .isEqualTo(Map.of(Rejection.NUMBERS, 1, Rejection.NAMES, 1, Rejection.DUPLICATE, 1));
    assertThat(augmented.report().produced()).isEqualTo(2);
    assertThat(script.prompts.get(1)).contains("Write 1 different").contains("details");
    assertThat(script.seeds).containsExactly(0L, 1L);
  }

  @Test
  void answersAreCheckedByAGeneratorWhereAsked() {
    Script script =
        new Script(
            (text, number) ->
                text.startsWith("Text:")
                    ? text.contains("Answer: bad") ? "no" : "Yes."
                    : "Q: what is bad?\nA: bad\nQ: what is good?\nA: good");
    Augmented augmented =
        QuestionWriter.by(script)
            .questions(2)
            .attempts(1)
            .backCheck()
            .template(PromptTemplate.of("{passage}\n{question}\n"))
            .write(PASSAGE);
    assertThat(augmented.report().rejected()).isEqualTo(Map.of(Rejection.BACK_CHECK, 1));
    assertThat(augmented.report().incomplete()).containsExactly(0);
    assertThat(augmented.dataset().get(0))
        .isEqualTo(
            new Example.PromptCompletion(
                "The castle of Malahide was built in 1185.\nwhat is good?\n", "good"));
  }

  @Test
  void rowsThatAreNoTextsNeedToSayWhatTheirPassageIs() {
    Dataset pairs = Datasets.of(List.of(new Example.PromptCompletion("p", "the passage")));
    Script script = new Script((text, number) -> "Q: what?\nA: this");
    refuses(DatasetException.class, () -> QuestionWriter.by(script).write(pairs), "passage(...)");
    QuestionWriter.by(script)
        .questions(1)
        .passage(row -> ((Example.PromptCompletion) row).completion())
        .write(pairs);
    assertThat(script.prompts.get(0)).contains("the passage");
  }

  @Test
  void theFormsThatModelsWriteAreRead() {
    assertThat(
            QuestionParser.parse(
                "<think>ok</think>Here are some:\n\n1. **Q:** Why?\n   **A:** Since it is so,\n"
                    + "and so on.\n\n2. **Question 2:** What?\n**Answer:** That.\n-----",
                true))
        .containsExactly(
            new Pair("Why?", "Since it is so,\nand so on.\n\n".strip()),
            new Pair("What?", "That."));
    assertThat(QuestionParser.parse("Q: a?\nA: b\nQ: c?\nA: d and", false))
        .containsExactly(new Pair("a?", "b"));
    assertThat(QuestionParser.parse("Q: a?\nQ: b?\nA: c\nA dog: d", true))
        .containsExactly(new Pair("b?", "c\nA dog: d"));
    assertThat(QuestionParser.parse("I cannot help with that.", true)).isEmpty();
  }
}
