package io.adapt4j.core.augment;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class AnswerTextTest {

  @Test
  void whatModelsPutAroundAWordingIsTakenAway() {
    for (String answer :
        new String[] {
          "It rains.",
          "  It rains.\n",
          "<think>\nHm, \"It rains\"?\n</think>\n\nIt rains.",
          "Sure! Here is the rewritten text:\nIt rains.",
          "Rewritten text: It rains.",
          "```\nIt rains.\n```",
          "\"It rains.\"",
          "“It rains.”",
          "-----\nIt rains.\n-----",
          "It rains.\n\n(Note: I kept the meaning.)",
          "Here's a casual version:\n\n\"It rains.\"",
        }) {
      assertThat(AnswerText.paraphrase(answer, "Rain falls.")).as(answer).isEqualTo("It rains.");
    }
  }

  @Test
  void aThoughtWithoutAnEndIsNoWording() {
    assertThat(AnswerText.paraphrase("<think>It may rain", "Rain falls.")).isEmpty();
  }

  @Test
  void spacesAroundTheOriginalStay() {
    assertThat(AnswerText.paraphrase("It rains.", "  Rain falls.\n")).isEqualTo("  It rains.\n");
  }

  @Test
  void whatTheOriginalHasItselfStays() {
    assertThat(AnswerText.paraphrase("\"Yes\" is wrong, \"no\"", "x"))
        .isEqualTo("\"Yes\" is wrong, \"no\"");
    assertThat(AnswerText.paraphrase("\"It rains.\"", "\"Rain.\"")).isEqualTo("\"It rains.\"");
    assertThat(AnswerText.paraphrase("```\nx = 1\n```", "```\nx=1\n```"))
        .isEqualTo("```\nx = 1\n```");
    assertThat(AnswerText.paraphrase("Answer: 42", "Answer: it is 42")).isEqualTo("Answer: 42");
  }
}
