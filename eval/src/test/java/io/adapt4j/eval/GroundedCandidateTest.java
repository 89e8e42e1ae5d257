package io.adapt4j.eval;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.eval.spi.Request;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class GroundedCandidateTest {

  private final List<String> lookedUp = new ArrayList<>();
  private final ScriptedCandidate inner = ScriptedCandidate.answering("model", prompt -> "x");
  private final Candidate grounded =
      Candidate.grounded(
          "handbook",
          inner,
          question -> {
            lookedUp.add(question);
            return question.contains("nothing") ? List.of() : List.of("First.", "Second.");
          });

  @Test
  void putsPassagesBeforeTheQuestionAndAfterTheExamples() {
    grounded.reply(
        List.of(
            new Request.Answer(
                "Question: One?\nAnswer: 1\n\nQuestion: Two?\nAnswer:",
                GenerationOptions.greedy())));

    assertThat(lookedUp).containsExactly("Question: Two?\nAnswer:");
    assertThat(((Request.Answer) inner.asked.get(0)).prompt())
        .isEqualTo(
            """
            Question: One?
            Answer: 1

            Context:
            First.
            Second.

            Question: Two?
            Answer:""");
  }

  @Test
  void looksTheAnswersToOneQuestionUpOnce() {
    grounded.reply(
        List.of(
            new Request.Likelihood("Where?", " here"), new Request.Likelihood("Where?", " there")));

    assertThat(lookedUp).containsExactly("Where?");
    assertThat(inner.asked)
        .containsExactly(
            new Request.Likelihood("Context:\nFirst.\nSecond.\n\nWhere?", " here"),
            new Request.Likelihood("Context:\nFirst.\nSecond.\n\nWhere?", " there"));
  }

  @Test
  void leavesThePromptAsItIsWhereNothingIsFoundAndWholeTextsAlone() {
    Request.Answer question = new Request.Answer("Is there nothing?", GenerationOptions.greedy());
    Request.WholeText text = new Request.WholeText("A text.", 0, 0);
    grounded.reply(List.of(question));
    grounded.reply(List.of(text));

    assertThat(inner.asked).containsExactly(question, text);
  }

  @Test
  void isAnotherCandidateThanTheOneWithoutPassages() {
    assertThat(grounded.identity()).isEqualTo("model with handbook");
  }
}
