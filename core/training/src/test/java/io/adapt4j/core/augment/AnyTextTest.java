package io.adapt4j.core.augment;

import static io.adapt4j.core.Words.split;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Models answer anything: nothing they write may break the checks. */
class AnyTextTest {

  private static final String[] PIECES =
      split(
          "|",
          "Q:|A: |\n|\n\n| |-----|```|\"|“|”|`|<think>|</think>|1|,|.|2024-03-05|May |(Note: ",
          "Sure:|Paris|n't|’s|\ud83d|\ude00|東京|٤|\u0000|**|it|{text}|$1|\\");

  @Test
  void anyAnswerIsReadAndChecked() {
    Random random = new Random(5);
    for (int i = 0; i < 3000; i++) {
      String original = text(random);
      String answer = text(random);
      String paraphrase = AnswerText.paraphrase(answer, original);
      assertThat(paraphrase.isEmpty() || !paraphrase.isBlank()).isTrue();
      for (Detail detail : Detail.values()) {
        detail.isKept(original, paraphrase);
        assertThat(detail.isKept(original, original)).as("%s of %s", detail, original).isTrue();
      }
      QuestionParser.parse(answer, random.nextBoolean());
      new Paraphrases(original, 0.9).offer(paraphrase);
    }
  }

  @Test
  void longAnswersDoNotExhaustTheStack() {
    for (String piece : List.of("a-", "1,", "1,000,", "a'b.", "\"a\" ", "Q: a\n", "Paris ", "`")) {
      String text = piece.repeat(50_000);
      for (Detail detail : Detail.values()) {
        assertThat(detail.isKept(text, text)).isTrue();
      }
      assertThat(AnswerText.paraphrase(text, "x")).isNotEmpty();
      QuestionParser.parse(text, true);
    }
  }

  private static String text(Random random) {
    StringBuilder text = new StringBuilder();
    int pieces = random.nextInt(20);
    for (int i = 0; i < pieces; i++) {
      text.append(PIECES[random.nextInt(PIECES.length)]);
    }
    return text.toString();
  }
}
