package io.adapt4j.core.preference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.text.GeneratedText;
import io.adapt4j.core.text.TextGenerator;
import java.io.BufferedReader;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pairs made of what a generator answers and a judge says. */
class PreferenceCollectorTest {

  @TempDir Path folder;
  private int asked;

  /** Answers with the prompt, repeated once more each time. */
  private final TextGenerator generator =
      (messages, options) ->
          GeneratedText.of(messages.get(0).content().toString().repeat(1 + asked++ % 3));

  private static final PreferenceJudge SHORTER =
      PreferenceJudge.byReward((prompt, answer) -> -answer.length());

  @Test
  void theBestAndTheWorstAnswerBecomeAPair() {
    Path file = folder.resolve("pairs.jsonl");
    PreferenceCollector.Collected collected =
        PreferenceCollector.of(generator, SHORTER).answers(3).collect(List.of("a", "b"), file);
    assertThat(collected).isEqualTo(new PreferenceCollector.Collected(2, 0, 0));
    Dataset rows = Datasets.read(file).open();
    assertThat(rows.get(0)).isEqualTo(new Example.Preference("a", "a", "aaa"));
    assertThat(rows.get(1)).isEqualTo(new Example.Preference("b", "b", "bbb"));
  }

  @Test
  void conversationsAreWrittenForModelsWithATemplate() {
    Path file = folder.resolve("pairs.jsonl");
    PreferenceCollector.of(generator, SHORTER).answers(2).asChat().collect(List.of("a"), file);
    assertThat(Datasets.read(file).open().get(0))
        .isEqualTo(
            new Example.ChatPreference(
                List.of(ChatMessage.user("a")),
                List.of(ChatMessage.assistant("a")),
                List.of(ChatMessage.assistant("aa"))));
  }

  @Test
  void conversationsOfRowsAreAnsweredWhole() throws IOException {
    Path prompts = folder.resolve("prompts.jsonl");
    Files.writeString(
        prompts,
        """
        {"prompt": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "a"}]}
        {"prompt": [{"role": "user", "content": "b"}]}
        """);
    List<String> shown = new ArrayList<>();
    PreferenceJudge judge =
        (prompt, answers) -> {
          shown.add(prompt);
          return SHORTER.judge(prompt, answers);
        };
    Path file = folder.resolve("pairs.jsonl");
    PreferenceCollector collector =
        PreferenceCollector.of(
                (messages, options) ->
                    GeneratedText.of(messages.size() + "x".repeat(1 + asked++ % 2)),
                judge)
            .answers(2);
    Dataset rows = Datasets.read(prompts).open();
    assertThat(collector.collect(rows, file).pairs()).isEqualTo(2);
    assertThat(shown).containsExactly("system: Be brief.\n\nuser: a", "b");
    assertThat(Datasets.read(file).open().get(0))
        .isEqualTo(
            new Example.ChatPreference(
                List.of(ChatMessage.system("Be brief."), ChatMessage.user("a")),
                List.of(ChatMessage.assistant("2x")),
                List.of(ChatMessage.assistant("2xx"))));
    assertThat(collector.collect(rows, file).pairs()).isEqualTo(2);
    assertThat(asked).isEqualTo(4);
  }

  @Test
  void aFileOfOtherPairsAndRowsThatCannotBeAskedAreRefusedAtOnce() {
    Path file = folder.resolve("pairs.jsonl");
    PreferenceCollector collector = PreferenceCollector.of(generator, SHORTER).answers(2);
    collector.collect(List.of("a"), file);
    int before = asked;
    assertThatThrownBy(() -> collector.asChat().collect(List.of("a", "b"), file))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("line 1: expected a ChatPreference as is to be written");
    Dataset tools =
        Datasets.of(
            List.of(
                new Example.ChatPrompt(
                    List.of(ChatMessage.user("a")), List.of(Map.of("name", "f")))));
    assertThatThrownBy(() -> collector.collect(tools, file))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("row 0: expected a prompt without tools");
    Dataset labeled = Datasets.of(List.of(new Example.Classified("t", "l")));
    assertThatThrownBy(() -> collector.collect(labeled, file))
        .hasMessageContaining("row 0: expected a prompt (field prompt, text or messages)");
    assertThat(asked).isEqualTo(before);
  }

  @Test
  void promptsThatAreInTheFileAreNotAskedAgain() {
    Path file = folder.resolve("pairs.jsonl");
    PreferenceCollector collector = PreferenceCollector.of(generator, SHORTER).answers(3);
    collector.collect(List.of("a"), file);
    int before = asked;
    assertThat(collector.collect(List.of("a", "b"), file).pairs()).isEqualTo(2);
    assertThat(asked).isEqualTo(before + 3);
  }

  @Test
  void whatWasJudgedIsKeptWhenTheJudgeGivesUp() {
    Path file = folder.resolve("pairs.jsonl");
    PreferenceJudge once =
        PreferenceJudge.person(
            new BufferedReader(new StringReader("1 2\n")), new PrintStream(new Discarded()));
    assertThatThrownBy(
            () -> PreferenceCollector.of(generator, once).collect(List.of("a", "b"), file))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("the input ended");
    assertThat(Datasets.read(file).open().size()).isEqualTo(1);
  }

  private static final class Discarded extends ByteArrayOutputStream {}

  @Test
  void promptsWithoutAVerdictOrADifferenceAreCounted() {
    TextGenerator same = (messages, options) -> GeneratedText.of("x");
    Path file = folder.resolve("pairs.jsonl");
    assertThat(PreferenceCollector.of(same, SHORTER).collect(List.of("a"), file))
        .isEqualTo(new PreferenceCollector.Collected(0, 0, 1));
    PreferenceJudge none = PreferenceJudge.byReward((prompt, answer) -> Double.NaN);
    assertThat(PreferenceCollector.of(generator, none).collect(List.of("a"), file))
        .isEqualTo(new PreferenceCollector.Collected(0, 1, 0));
    assertThat(file).doesNotExist();
  }

  @Test
  void aPersonIsAskedUntilTheAnswerMakesSense() {
    ByteArrayOutputStream shown = new ByteArrayOutputStream();
    PreferenceJudge person =
        PreferenceJudge.person(
            new BufferedReader(new StringReader("1 1\nfirst\n3 1\n2, 1\n\n")),
            new PrintStream(shown, true, StandardCharsets.UTF_8));
    assertThat(person.judge("p", List.of("good", "better")))
        .contains(new PreferenceJudge.Verdict(1, 0));
    assertThat(shown.toString(StandardCharsets.UTF_8))
        .contains("[2] better", "expected two different numbers from 1 to 2.");
    assertThat(person.judge("p", List.of("good", "better"))).isEmpty();
  }

  @Test
  void answersThatCannotDifferAreRefused() {
    PreferenceCollector collector = PreferenceCollector.of(generator, SHORTER);
    assertThatThrownBy(() -> collector.answers(1)).hasMessageContaining("at least 2, found 1");
    assertThatThrownBy(() -> collector.options(GenerationOptions.greedy()))
        .hasMessageContaining("temperature above 0");
  }
}
