package io.adapt4j.core.augment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.DatasetException;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.data.Splitter;
import io.adapt4j.core.generate.FinishReason;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.text.AnswerCache;
import io.adapt4j.core.text.GeneratedText;
import io.adapt4j.core.text.GeneratorException;
import io.adapt4j.core.text.RequestRefusedException;
import io.adapt4j.core.text.TextGenerator;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ParaphraserTest {

  private static final Example FACT = new Example.Text("the castle was built in 1386");

  @TempDir private Path folder;

  @Test
  void everyWordingIsAskedForInAStyleOfItsOwn() {
    Script script = Script.good();
    Augmented augmented = Paraphraser.by(script).augment(Datasets.of(List.of(FACT)));
    assertThat(rows(augmented.dataset())).hasSize(11).doesNotHaveDuplicates().startsWith(FACT);
    assertThat(script.prompts).hasSize(10).doesNotHaveDuplicates();
    for (int i = 0; i < 10; i++) {
      assertThat(script.prompts.get(i))
          .contains(Paraphraser.DEFAULT_STYLES.get(i))
          .contains("the castle was built in 1386");
    }
    AugmentationReport report = augmented.report();
    assertThat(report.asked()).isEqualTo(10);
    assertThat(report.produced()).isEqualTo(10);
    assertThat(report.calls()).isEqualTo(10);
    assertThat(report.promptTokens()).isEqualTo(100);
    assertThat(report.newTokens()).isEqualTo(40);
    assertThat(report.rejected()).isEmpty();
  }

  @Test
  void aStyleThatIsUsedAgainGetsAnotherSeed() {
    Script script = Script.good();
    Paraphraser.by(script)
        .styles("Formal.", "Casual.")
        .paraphrases(5)
        .options(GenerationOptions.builder().seed(100).build())
        .augment(Datasets.of(List.of(FACT)));
    assertThat(script.seeds).containsExactly(100L, 100L, 101L, 101L, 102L);
  }

  @Test
  void theTextsOfEveryShapeAreReworded() {
    TextGenerator again = new Script((text, number) -> "again, and differently, " + text);
    ChatMessage system = ChatMessage.system("be brief");
    ChatMessage answer = ChatMessage.assistant("fine");
    Dataset rows =
        Datasets.of(
            List.of(
                new Example.PromptCompletion("how are you?\n", "fine"),
                new Example.Classified("how are you?", "greeting"),
                new Example.Preference("how are you?", "fine", "bad"),
                new Example.Chat(List.of(system, ChatMessage.user("how are you?"), answer)),
                new Example.ChatPrompt(List.of(system, ChatMessage.user("how are you?"))),
                new Example.ChatPreference(
                    List.of(ChatMessage.user("how are you?")), List.of(answer), List.of(answer))));
    Dataset result =
        Paraphraser.by(again).paraphrases(1).withoutOriginals().augment(rows).dataset();
    String reworded = "again, and differently, how are you?";
    assertThat(rows(result))
        .containsExactly(
            new Example.PromptCompletion(reworded + "\n", "fine"),
            new Example.Classified(reworded, "greeting"),
            new Example.Preference(reworded, "fine", "bad"),
            new Example.Chat(List.of(system, ChatMessage.user(reworded), answer)),
            new Example.ChatPrompt(List.of(system, ChatMessage.user(reworded))),
            new Example.ChatPreference(
                List.of(ChatMessage.user(reworded)), List.of(answer), List.of(answer)));
  }

  @Test
  void promptAndCompletionMayBothBeReworded() {
    TextGenerator again = new Script((text, number) -> "again, and differently, " + text);
    Dataset rows = Datasets.of(List.of(new Example.PromptCompletion("who? ", " somebody")));
    assertThat(
            rows(
                Paraphraser.by(again)
                    .parts(Part.PROMPT, Part.COMPLETION)
                    .paraphrases(1)
                    .withoutOriginals()
                    .augment(rows)
                    .dataset()))
        .containsExactly(
            new Example.PromptCompletion(
                "again, and differently, who? ", " again, and differently, somebody"));
  }

  @Test
  void aTextWithFewerWordingsStaysAsItIsBesideOneWithMore() {
    TextGenerator script =
        new Script((text, number) -> text.equals("yes") ? "Yes!" : Script.reword(text, number));
    Example chat =
        new Example.Chat(
            List.of(
                ChatMessage.user("what is the weather like?"),
                ChatMessage.assistant("do you mean today?"),
                ChatMessage.user("yes"),
                ChatMessage.assistant("it rains")));
    Augmented augmented = Paraphraser.by(script).paraphrases(2).augment(Datasets.of(List.of(chat)));
    assertThat(augmented.dataset().size()).isEqualTo(3);
    Example.Chat second = (Example.Chat) augmented.dataset().get(2);
    assertThat(second.messages().get(2)).isEqualTo(ChatMessage.user("yes"));
    assertThat(augmented.report().rejected()).containsEntry(Rejection.DUPLICATE, 6);
    assertThat(augmented.report().incomplete()).isEmpty();
  }

  @Test
  void whatIsRejectedIsCountedByReasonAndAskedForAgain() {
    List<String> answers =
        List.of(
            "The castle was built in 1386!", // the same words
            "the castle was built in 1387, people say", // another number
            "people say the castle in Wales was built in 1386", // another name
            "the castle was not built in 1386", // denied
            "they say that \"the keep\" was built in 1386", // quoted
            " ", // empty
            "x ".repeat(150) + "1386", // too long
            "the castle was built in 1386 a", // near
            "1386 is the year in which they built the castle", // good
            "1386 is the year in which they built the castles", // near another
            "in 1386, so they say, building of the castle ended"); // good
    Script script = new Script((text, number) -> answers.get(number));
    Augmented augmented =
        Paraphraser.by(script).paraphrases(2).attempts(20).augment(Datasets.of(List.of(FACT)));
    assertThat(texts(augmented.dataset()))
        .containsExactly(((Example.Text) FACT).text(), answers.get(8), answers.get(10));
    assertThat(augmented.report().rejected())
        .isEqualTo(
            Map.of(
                Rejection.DUPLICATE, 1,
                Rejection.NUMBERS, 1,
                Rejection.NAMES, 1,
                Rejection.NEGATION, 1,
                Rejection.QUOTES, 1,
                Rejection.EMPTY, 1,
                Rejection.TOO_LONG, 1,
                Rejection.NEAR_DUPLICATE, 2));
    assertThat(augmented.report().examples())
        .contains(
            new AugmentationReport.Rejected(
                0, Rejection.NUMBERS, ((Example.Text) FACT).text(), answers.get(1)));
  }

  @Test
  void rowsThatGetTooFewAreNamed() {
    Script echo = new Script((text, number) -> text);
    Augmented augmented =
        Paraphraser.by(echo).paraphrases(2).attempts(3).augment(Datasets.of(List.of(FACT, FACT)));
    assertThat(augmented.report().incomplete()).containsExactly(0, 1);
    assertThat(augmented.report().produced()).isZero();
    assertThat(echo.prompts).hasSize(12);
    assertThat(augmented.report().text())
        .contains("0 of 4 made, too few for 2 rows")
        .contains("DUPLICATE: 12 rejected")
        .contains("12 calls");
    assertThat(augmented.report().json()).contains("\"DUPLICATE\": 12");
    assertThatThrownBy(
            () -> Paraphraser.by(echo).withoutOriginals().augment(Datasets.of(List.of(FACT))))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("no row was made");
  }

  @Test
  void checksCanBeLeftOutAndAdded() {
    Script script = new Script((text, number) -> "in 1387 they built Kronborg, number " + number);
    Augmented augmented =
        Paraphraser.by(script)
            .keep()
            .check((original, paraphrase) -> paraphrase.endsWith("2"))
            .paraphrases(1)
            .augment(Datasets.of(List.of(FACT)));
    assertThat(texts(augmented.dataset())).contains("in 1387 they built Kronborg, number 2");
    assertThat(augmented.report().rejected()).isEqualTo(Map.of(Rejection.OWN_CHECK, 2));
  }

  @Test
  void theGeneratorIsAskedWhetherBothSayTheSame() {
    List<String> asked = new ArrayList<>();
    Script script =
        new Script(
            (text, number) -> {
              if (text.startsWith("Text A:")) {
                asked.add(text);
                return asked.size() == 1 ? "No, B adds something." : "<think>hm</think>**Yes**.";
              }
              return Script.reword(text, number);
            });
    Augmented augmented =
        Paraphraser.by(script).paraphrases(2).backCheck().augment(Datasets.of(List.of(FACT)));
    assertThat(augmented.report().rejected()).isEqualTo(Map.of(Rejection.BACK_CHECK, 1));
    assertThat(augmented.report().produced()).isEqualTo(2);
    assertThat(asked).hasSize(3);
    assertThat(asked.get(0)).contains("the castle was built in 1386", "surely, as everybody says");
  }

  @Test
  void embeddingsThatAreTooFarApartReject() {
    Script script = Script.good();
    Augmented augmented =
        Paraphraser.by(script)
            .paraphrases(2)
            .similarity(
                texts ->
                    texts.stream()
                        .map(text -> new float[] {1, text.contains("surely") ? 1 : 0.1f})
                        .toList(),
                0.9)
            .augment(Datasets.of(List.of(FACT)));
    assertThat(augmented.report().rejected()).isEqualTo(Map.of(Rejection.SIMILARITY, 1));
    assertThat(texts(augmented.dataset())).noneMatch(text -> text.contains("surely"));
    assertThat(augmented.report().produced()).isEqualTo(2);
  }

  @Test
  void aRunThatBrokeOffDoesNotPayTwice() {
    Dataset facts =
        Datasets.of(
            IntStream.range(0, 30)
                .mapToObj(i -> new Example.Text("item " + i + " lies on the shelf"))
                .toList());
    AnswerCache cache = AnswerCache.at(folder);
    int[] calls = new int[1];
    TextGenerator breaking =
        TextGenerator.of(
            "model",
            prompt -> {
              if (++calls[0] == 50) {
                throw new GeneratorException("gone");
              }
              return paraphrase(prompt);
            });
    assertThatThrownBy(() -> Paraphraser.by(breaking).paraphrases(3).cache(cache).augment(facts))
        .hasMessage("gone");
    Augmented resumed = Paraphraser.by(breaking).paraphrases(3).cache(cache).augment(facts);
    assertThat(resumed.report().produced()).isEqualTo(90);
    assertThat(resumed.report().cached()).isEqualTo(49);
    assertThat(resumed.report().calls()).isEqualTo(41);
    assertThat(calls[0]).isEqualTo(50 + 41);
    Augmented again = Paraphraser.by(breaking).paraphrases(3).cache(cache).augment(facts);
    assertThat(again.report().calls()).isZero();
    assertThat(rows(again.dataset())).isEqualTo(rows(resumed.dataset()));
  }

  /** A paraphrase that depends on the prompt alone. */
  private static String paraphrase(String prompt) {
    String text = prompt.replaceAll("(?s).*-----\n(.*)\n-----", "$1");
    int style = -1;
    for (int i = 0; i < Paraphraser.DEFAULT_STYLES.size(); i++) {
      style = prompt.contains(Paraphraser.DEFAULT_STYLES.get(i)) ? i : style;
    }
    return Script.reword(text, style);
  }

  @Test
  void aRefusedRequestConcernsItsRowAlone() {
    TextGenerator refusing =
        (messages, options) -> {
          String prompt = (String) messages.get(0).content();
          if (prompt.contains("item 1 ")) {
            throw new RequestRefusedException("too long");
          }
          return GeneratedText.of(paraphrase(prompt));
        };
    Dataset facts =
        Datasets.of(
            IntStream.range(0, 3)
                .mapToObj(i -> new Example.Text("item " + i + " lies on the shelf"))
                .toList());
    Augmented augmented = Paraphraser.by(refusing).paraphrases(2).attempts(1).augment(facts);
    assertThat(augmented.report().incomplete()).containsExactly(1);
    assertThat(augmented.report().rejected()).isEqualTo(Map.of(Rejection.REFUSED, 2));
    assertThat(augmented.report().examples().get(0).text()).isEqualTo("too long");
  }

  @Test
  void aGeneratorThatRefusesEverythingEndsTheRun() {
    int[] calls = new int[1];
    TextGenerator refusing =
        (messages, options) -> {
          calls[0]++;
          throw new RequestRefusedException("unknown option");
        };
    assertThatThrownBy(
            () ->
                Paraphraser.by(refusing)
                    .augment(Datasets.of(List.of(FACT, FACT, FACT, FACT, FACT, FACT))))
        .isInstanceOf(RequestRefusedException.class);
    assertThat(calls[0]).isLessThan(30);
  }

  @Test
  void answersThatWereCutOffOrHeldBackAreNoWordings() {
    FinishReason[] reasons = {FinishReason.LENGTH, FinishReason.CONTENT_FILTER, FinishReason.STOP};
    int[] calls = new int[1];
    TextGenerator script =
        (messages, options) ->
            new GeneratedText(
                paraphrase((String) messages.get(0).content()),
                reasons[calls[0]++],
                Optional.empty(),
                false);
    Augmented augmented = Paraphraser.by(script).paraphrases(1).augment(Datasets.of(List.of(FACT)));
    assertThat(augmented.report().rejected())
        .isEqualTo(Map.of(Rejection.CUT_OFF, 1, Rejection.FILTERED, 1));
    assertThat(augmented.report().produced()).isEqualTo(1);
  }

  @Test
  void rowsKnowWhatTheyWereMadeOfAndSplitsKeepThemTogether() {
    Dataset facts =
        Datasets.of(
            IntStream.range(0, 20)
                .mapToObj(i -> new Example.Text("item " + i + " lies on the shelf"))
                .toList());
    Dataset all = Paraphraser.by(Script.good()).paraphrases(4).augment(facts).dataset();
    assertThat(all.locate(7)).isEqualTo("examples row 1, paraphrase 2");
    assertThat(all.source(7).orElseThrow().value(Augmented.SOURCE)).isEqualTo(1L);
    assertThat(all.source(7).orElseThrow().value(Augmented.PARAPHRASE)).isEqualTo(2L);
    Split split = Splitter.of(all).groupBy(Augmented.SOURCE).split();
    assertThat(split.test().size()).isEqualTo(10);
    Set<String> train = sources(split.train());
    assertThat(sources(split.test())).hasSize(2).doesNotContainAnyElementsOf(train);
    assertThat(sources(split.validation())).hasSize(2).doesNotContainAnyElementsOf(train);
  }

  @Test
  void theResultIsWrittenWithItsProvenanceAndReadBack() throws IOException {
    Path file = folder.resolve("facts.jsonl");
    Files.writeString(
        file,
        """
        {"text": "the castle was built in 1386", "id": "c-1", "topic": "castles"}
        {"text": "the bridge was built in 1920", "id": "b-7", "topic": "bridges"}
        """);
    Augmented augmented =
        Paraphraser.by(Script.good())
            .paraphrases(2)
            .idField("id")
            .keepFields("topic")
            .augment(Datasets.read(file).open());
    Path written = folder.resolve("paraphrases.jsonl");
    augmented.write(written);
    Dataset read = Datasets.read(written).open();
    assertThat(rows(read)).isEqualTo(rows(augmented.dataset()));
    for (int row = 0; row < read.size(); row++) {
      assertThat(read.source(row).orElseThrow().text("source")).isEqualTo(row < 3 ? "c-1" : "b-7");
      assertThat(read.source(row).orElseThrow().text("topic"))
          .isEqualTo(augmented.dataset().source(row).orElseThrow().text("topic"));
    }
    assertThatThrownBy(
            () ->
                Paraphraser.by(Script.good())
                    .idField("nothing")
                    .augment(Datasets.read(file).open()))
        .isInstanceOf(DatasetException.class)
        .hasMessageContaining("expected field 'nothing'");
  }

  @Test
  void thePlanCountsWhatTheRunThenAsks() {
    Dataset facts = Datasets.of(List.of(FACT, new Example.Text("rain is wet"), FACT));
    Script script =
        new Script((text, n) -> text.startsWith("Text A:") ? "yes" : Script.reword(text, n));
    Paraphraser paraphraser = Paraphraser.by(script).paraphrases(4).backCheck();
    AugmentationPlan plan = paraphraser.plan(facts, String::length);
    Augmented augmented = paraphraser.augment(facts);
    assertThat(plan.texts()).isEqualTo(3);
    assertThat(plan.calls()).isEqualTo(augmented.report().calls());
    assertThat(plan.mostCalls()).isEqualTo(3 * plan.calls());
    long read = script.prompts.stream().mapToLong(String::length).sum();
    assertThat((double) plan.promptTokens()).isBetween(0.9 * read, 1.1 * read);
    assertThat(new AugmentationPlan(1, 1, 1, 1, 2_000_000, 1_000_000).cost(0.5, 2)).isEqualTo(3);
  }

  @Test
  void progressIsToldAfterEveryFewRows() {
    List<Integer> done = new ArrayList<>();
    Paraphraser.by(Script.good())
        .paraphrases(1)
        .onProgress(report -> done.add(report.done()))
        .augment(
            Datasets.of(
                IntStream.range(0, 20)
                    .mapToObj(i -> new Example.Text("item " + i + " lies on the shelf"))
                    .toList()));
    assertThat(done).isSorted().doesNotHaveDuplicates().endsWith(20).hasSizeGreaterThan(1);
  }

  @Test
  void optionsAreCheckedAtOnce() {
    Paraphraser paraphraser = Paraphraser.by(Script.good());
    assertThatThrownBy(() -> paraphraser.paraphrases(0)).hasMessageContaining("found 0");
    assertThatThrownBy(() -> paraphraser.attempts(0)).hasMessageContaining("attempts");
    assertThatThrownBy(() -> paraphraser.nearDuplicates(0)).hasMessageContaining("nearDuplicates");
    assertThatThrownBy(() -> paraphraser.prompt("Rewrite {text}")).hasMessageContaining("{style}");
    assertThatThrownBy(() -> paraphraser.styles()).hasMessageContaining("styles");
    assertThatThrownBy(() -> paraphraser.parts()).hasMessageContaining("parts");
    assertThatThrownBy(() -> paraphraser.keepFields("source")).hasMessageContaining("source");
    assertThatThrownBy(
            () ->
                Paraphraser.by((m, o) -> GeneratedText.of("x"))
                    .cache(AnswerCache.at(folder))
                    .augment(Datasets.of(List.of(FACT))))
        .hasMessageContaining("identity");
  }

  private static Set<String> sources(Dataset dataset) {
    Set<String> sources = new TreeSet<>();
    for (int row = 0; row < dataset.size(); row++) {
      sources.add(dataset.source(row).orElseThrow().text(Augmented.SOURCE));
    }
    return sources;
  }

  private static List<String> texts(Dataset dataset) {
    return rows(dataset).stream().map(row -> ((Example.Text) row).text()).toList();
  }

  private static List<Example> rows(Dataset dataset) {
    return IntStream.range(0, dataset.size()).<Example>mapToObj(dataset::get).toList();
  }
}
