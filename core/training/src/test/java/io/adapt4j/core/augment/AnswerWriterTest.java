package io.adapt4j.core.augment;

import static io.adapt4j.core.Refusals.refuses;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.reinforce.RewardFunction;
import io.adapt4j.core.reinforce.Rewards;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class AnswerWriterTest {

  private static final Dataset SUM =
      Datasets.of(List.of(new Example.PromptCompletion("2 + 3 =", "5")));

  /** Longer answers are better. */
  private static final RewardFunction LENGTH = (prompt, completion, fields) -> completion.length();

  @Test
  void answersOfAllSamplesAreKeptOnceWithoutAReward() {
    List<String> answers = List.of(" 5", " five", " 5", "  ");
    Script script = new Script((text, number) -> answers.get(number));
    Augmented augmented = AnswerWriter.by(script).write(SUM);
    assertThat(IntStream.range(0, augmented.dataset().size()).mapToObj(augmented.dataset()::get))
        .containsExactly(
            new Example.PromptCompletion("2 + 3 =", " 5"),
            new Example.PromptCompletion("2 + 3 =", " five"));
    assertThat(script.seeds).containsExactly(0L, 1L, 2L, 3L);
    assertThat(script.prompts).containsOnly("2 + 3 =");
    assertThat(augmented.report().rejected())
        .isEqualTo(Map.of(Rejection.DUPLICATE, 1, Rejection.EMPTY, 1));
    assertThat(augmented.dataset().source(1).orElseThrow().value("paraphrase")).isEqualTo(2L);
  }

  @Test
  void theBestAreKeptInTheOrderOfTheirScores() {
    List<String> answers = List.of("aa", "aaaa", "a", "aaa");
    Script script = new Script((text, number) -> answers.get(number));
    Augmented augmented = AnswerWriter.by(script).keepBest(2).reward(LENGTH, 2).write(SUM);
    assertThat(augmented.dataset().get(0))
        .isEqualTo(new Example.PromptCompletion("2 + 3 =", "aaaa"));
    assertThat(augmented.dataset().get(1))
        .isEqualTo(new Example.PromptCompletion("2 + 3 =", "aaa"));
    assertThat(augmented.dataset().size()).isEqualTo(2);
    assertThat(augmented.report().rejected()).isEqualTo(Map.of(Rejection.OWN_CHECK, 1));
    assertThat(augmented.report().asked()).isEqualTo(2);
  }

  @Test
  void rewardsSeeTheFieldsOfTheRow() {
    Script script = new Script((text, number) -> number == 1 ? "It is 5." : "It is 6.");
    Augmented augmented =
        AnswerWriter.by(script)
            .samples(2)
            .reward(Rewards.numericAnswer("completion"), 1)
            .write(SUM);
    assertThat(augmented.dataset().size()).isEqualTo(1);
    assertThat(augmented.dataset().get(0))
        .isEqualTo(new Example.PromptCompletion("2 + 3 =", "It is 5."));
  }

  @Test
  void conversationsGetAnotherLastAnswer() {
    List<ChatMessage> before =
        List.of(
            ChatMessage.system("Be brief."),
            ChatMessage.user("Hello"),
            ChatMessage.assistant("Hi!"),
            ChatMessage.user("2 + 3?"));
    List<ChatMessage> answered =
        List.of(
            before.get(0), before.get(1), before.get(2), before.get(3), ChatMessage.assistant("6"));
    for (Example example : List.of(new Example.Chat(answered), new Example.ChatPrompt(before))) {
      Script script = new Script((text, number) -> "5");
      Augmented augmented = AnswerWriter.by(script).samples(1).write(Datasets.of(List.of(example)));
      Example.Chat made = (Example.Chat) augmented.dataset().get(0);
      assertThat(made.messages()).hasSize(5).startsWith(before.toArray(ChatMessage[]::new));
      assertThat(made.messages().get(4)).isEqualTo(ChatMessage.assistant("5"));
    }
  }

  @Test
  void whereNoAnswerIsGoodEnoughTheReportIsNamed() {
    Script script = new Script((text, number) -> "a");
    refuses(
        DatasetException.class,
        () -> AnswerWriter.by(script).reward(LENGTH, 5).write(SUM),
        "no row was made",
        "rejected");
    RewardFunction undefined = (prompt, completion, fields) -> Double.NaN;
    refuses(
        DatasetException.class,
        () -> AnswerWriter.by(script).reward(undefined, Double.NEGATIVE_INFINITY).write(SUM),
        "no row was made");
  }

  @Test
  void rowsWithoutAPromptAreNamed() {
    Script script = new Script((text, number) -> "a");
    Dataset classes =
        Datasets.of(List.of(new Example.Classified("a", Optional.empty(), List.of("b"))));
    refuses(
        DatasetException.class, () -> AnswerWriter.by(script).write(classes), "expected a prompt");
    Dataset alone = Datasets.of(List.of(new Example.Chat(List.of(ChatMessage.assistant("a")))));
    refuses(
        DatasetException.class,
        () -> AnswerWriter.by(script).write(alone),
        "expected a message before the answer");
  }

  @Test
  void optionsOutOfRangeAreRefused() {
    AnswerWriter writer = AnswerWriter.by(new Script((text, number) -> "a"));
    assertThatIllegalArgumentException().isThrownBy(() -> writer.samples(0));
    assertThatIllegalArgumentException().isThrownBy(() -> writer.keepBest(0));
    assertThatIllegalArgumentException().isThrownBy(() -> writer.reward(LENGTH, Double.NaN));
    assertThatIllegalArgumentException().isThrownBy(() -> writer.keepFields("source"));
  }
}
