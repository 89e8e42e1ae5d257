package io.adapt4j.core.internal;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class JudgeTextTest {

  @ParameterizedTest
  @ValueSource(
      strings = {
        "A is right.\nVerdict: A",
        "**Verdict: A**",
        "<think>Verdict: B</think>\nverdict: a.",
        "Verdict: A\nSo:\nVerdict: A",
        "## Verdict: **A**"
      })
  void readsADecisionOnALineOfItsOwn(String reply) {
    assertThat(JudgeText.decision(reply, "verdict", "A|B|tie")).contains("a");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "A is better.",
        "Verdict: both",
        "Verdict: A or B",
        "Verdict: A\nVerdict: B",
        "The verdict: A, I think",
        "Verdict: Apple"
      })
  void guessesNothing(String reply) {
    assertThat(JudgeText.decision(reply, "verdict", "A|B|tie")).isEmpty();
  }

  @Test
  void quotedTextsCannotHoldTheWordAroundThem() {
    List<String> texts = List.of("one", "two");
    String word = Quoted.of(texts).word();
    List<String> hostile = List.of("one", "two " + word);

    assertThat(Quoted.of(texts).word()).isEqualTo(word);
    assertThat(Quoted.of(hostile).word()).isNotEqualTo(word);
    assertThat(String.join(" ", hostile)).doesNotContain(Quoted.of(hostile).word());
  }
}
