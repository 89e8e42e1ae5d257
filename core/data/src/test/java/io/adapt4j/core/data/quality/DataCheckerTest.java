package io.adapt4j.core.data.quality;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.Golden;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.chat.ChatTemplate;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.Overflow;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.internal.data.ExampleEncoder;
import io.adapt4j.core.tokenize.TestTokenizers;
import io.adapt4j.core.tokenize.Tokenizer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DataCheckerTest {

  private static DataReport check(Example... examples) {
    return DataChecker.of(Datasets.of(List.of(examples))).check();
  }

  private static Example answer(String completion) {
    return new Example.PromptCompletion("p", completion);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      ignoreLeadingAndTrailingWhitespace = false,
      value = {
        "  |EMPTY_ANSWER",
        "And so it goes on...|TRUNCATED_ANSWER",
        "```java int x;|TRUNCATED_ANSWER",
        "One sentence is here. Then there are many more words so that this is prose and it then"
            + " stops in the|TRUNCATED_ANSWER",
        "Write to jane.doe@example.com today.|PERSONAL_DATA",
        "Call +49 30 1234567 now.|PERSONAL_DATA",
        "Call (212) 555-0123 now.|PERSONAL_DATA",
        "Card 4111 1111 1111 1111 is valid.|PERSONAL_DATA",
        "key AKIAIOSFODNN7EXAMPLE|SECRET",
        "ghp_abcdefghijklmnopqrstuvwxyz0123456789|SECRET",
        "-----BEGIN RSA PRIVATE KEY-----|SECRET",
        "git clone https://ann:s3cret@git.example/x|SECRET",
        "caf\u00C3\u00A9|ENCODING_DAMAGE",
        "it\u00E2\u20AC\u2122s|ENCODING_DAMAGE",
        "lost \uFFFD|ENCODING_DAMAGE",
        "bell \u0007|ENCODING_DAMAGE",
      })
  void findsWhatIsWrongWithAnAnswer(String completion, Check check) {
    DataReport report = check(answer(completion));
    assertThat(report.count(check)).isEqualTo(1);
    assertThat(report.findings(check).get(0).place()).isEqualTo("examples row 0");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "Yes.",
        "42",
        "card_arrival",
        "- one\n- two\n- three",
        "Card 4111 1111 1111 1112 has a wrong check digit.",
        "In 2024-01-31 12:30:00 the ISBN was 978-3-16-148410-0.",
        "version 1.2.3, user@host, 3.14159265358979",
        "na\u00EFve caf\u00E9 \u00C3 \u201Cquoted\u201D \u00C9t\u00E9\tend",
        "task-skill-based-approach sk-short",
        "sk-learn-preprocessing-pipelines, logo@2x.png, order 20240517001234",
      })
  void findsNothingInOrdinaryAnswers(String completion) {
    DataReport report = check(answer(completion));
    assertThat(report.findings()).isEmpty();
    assertThat(report.isSound()).isTrue();
  }

  @Test
  void messagesNeverRepeatASecret() {
    DataReport report = check(answer("my key is AKIAIOSFODNN7EXAMPLE and jane@example.com"));
    assertThat(report.text() + report.json()).doesNotContain("AKIA").doesNotContain("jane");
  }

  @ParameterizedTest
  @CsvSource({
    "user assistant, ''",
    "system user assistant user assistant, ''",
    "assistant user assistant, message 0 is of assistant and the first",
    "user user assistant, message 1 is of user after one of user",
    "user assistant user, the last message is of user",
    "user assistant system user assistant, message 2 is of system",
    "user assistant tool assistant, message 2 is of tool after one of assistant",
  })
  void rolesHaveAnOrder(String roles, String problem) {
    List<ChatMessage> messages =
        List.of(roles.split(" ")).stream().map(role -> ChatMessage.of(role, "x")).toList();
    List<Finding> found = check(new Example.Chat(messages)).findings(Check.ROLE_ORDER);
    if (problem.isEmpty()) {
      assertThat(found).isEmpty();
    } else {
      assertThat(found).hasSize(1);
      assertThat(found.get(0).message()).contains(problem);
    }
  }

  @Test
  void aPromptNeedsNoAnswerButIsLookedAt() {
    DataReport report =
        check(new Example.ChatPrompt(List.of(ChatMessage.user("I am at jane@example.org"))));
    assertThat(report.findings(Check.ROLE_ORDER)).isEmpty();
    assertThat(report.findings(Check.PERSONAL_DATA))
        .singleElement()
        .extracting(Finding::message)
        .asString()
        .contains("of the prompt user");
  }

  @Test
  void findsDuplicatesAndContradictions() {
    DataReport report =
        check(
            new Example.Classified("The parcel did not arrive at my door yesterday.", "late"),
            new Example.Classified("Where is my card?", "card"),
            new Example.Classified("The parcel did not arrive at my door yesterday.", "late"),
            new Example.Classified("the parcel did not arrive at my door, yesterday!", "late"),
            new Example.Classified("Where is my card?", "late"));
    assertThat(report.findings(Check.EXACT_DUPLICATE))
        .extracting(Finding::row, Finding::message)
        .containsExactly(tuple(2, "equal to examples row 0"));
    assertThat(report.findings(Check.NEAR_DUPLICATE))
        .extracting(Finding::row)
        .containsExactly(3, 4);
    assertThat(report.findings(Check.CONTRADICTORY_LABEL).get(0).message())
        .isEqualTo("[late], but examples row 1 with the same text [card]");
    assertThat(report.labels()).containsExactly(Map.entry("late", 4), Map.entry("card", 1));
  }

  @Test
  void pairsAreComparedByBothTexts() {
    DataReport report =
        check(
            new Example.Classified("Where is it?", Optional.of("In Rome."), List.of("relevant")),
            new Example.Classified("Where is it?", Optional.of("It is blue."), List.of()),
            new Example.Classified("Where is it?", Optional.of("In Rome."), List.of()));
    assertThat(report.findings(Check.CONTRADICTORY_LABEL))
        .extracting(Finding::row)
        .containsExactly(2);
  }

  @Test
  void rowsOfWordsAreComparedByTheirWords() {
    Dataset train = Datasets.of(List.of(words("Anna sleeps in Rome"), words("Tom eats bread")));
    Dataset test = Datasets.of(List.of(words("Anna eats in Bonn"), words("Tom eats bread")));
    assertThat(DataChecker.of(train).check().count(Check.NEAR_DUPLICATE)).isZero();
    assertThat(DataChecker.of(train).testedOn(test).check().findings(Check.LEAKAGE))
        .extracting(Finding::row)
        .containsExactly(1);
  }

  private static Example words(String text) {
    List<String> words = List.of(text.split(" "));
    return new Example.Tagged(words, Collections.nCopies(words.size(), "O"));
  }

  @Test
  void otherRowsAreNamedByTheirLinesInTheFileAlsoInAShuffledSplit(@TempDir Path folder)
      throws IOException {
    StringBuilder rows = new StringBuilder();
    for (int i = 0; i < 40; i++) {
      rows.append("{\"text\": \"Lily saw %d red balls in the park.\"}\n".formatted(i % 20));
    }
    Path file = Files.writeString(folder.resolve("rows.jsonl"), rows);
    Dataset train = Datasets.jsonl(file).split(0.8, 0.1, 0.1, 7).train();
    List<Finding> found = DataChecker.of(train).check().findings(Check.EXACT_DUPLICATE);
    assertThat(found).isNotEmpty();
    for (Finding finding : found) {
      int line = Integer.parseInt(finding.place().replaceAll(".* line ", ""));
      assertThat(finding.place()).isEqualTo(file + " line " + line);
      assertThat(finding.message()).isEqualTo("equal to " + file + " line " + (line - 20));
    }
  }

  @Test
  void findsTestRowsInTheTrainingData() {
    String story =
        "Once upon a time there was a little girl who lived in a house at the edge of the wood";
    Dataset train =
        Datasets.of(
            List.of(
                new Example.Text("Some other words. " + story + " with her old grandmother."),
                new Example.Text("Short one"),
                new Example.Text("nothing")));
    Dataset test =
        Datasets.of(
            List.of(
                new Example.Text(story.toUpperCase(Locale.ROOT)),
                new Example.Text("short one!"),
                new Example.Text("Once upon a time there was a king")));
    DataReport report = DataChecker.of(train).testedOn(test).check();
    assertThat(report.findings(Check.LEAKAGE)).extracting(Finding::row).containsExactly(0, 1);
    assertThat(report.findings(Check.LEAKAGE).get(0).message())
        .isEqualTo("100 % of its word sequences are in the training data, examples row 0");
    assertThat(report.isSound()).isFalse();
    Cleaned cleaned = DataCleaner.of(train).dropLeaked(test).clean();
    assertThat(cleaned.dataset().size()).isEqualTo(1);
    assertThat(DataChecker.of(cleaned.dataset()).testedOn(test).check().count(Check.LEAKAGE))
        .isZero();
  }

  @Test
  void anEqualTextIsALeakHoweverOftenItIsThere() {
    Example text =
        new Example.Text(
            "One two three four five six seven eight nine ten eleven twelve, and so on.");
    Dataset train = Datasets.of(IntStream.range(0, 12).mapToObj(i -> text).toList());
    Dataset test = Datasets.of(List.of(text));
    assertThat(DataChecker.of(train).testedOn(test).check().count(Check.LEAKAGE)).isEqualTo(1);
    Dataset more = Datasets.concat(List.of(train, Datasets.of(List.of(new Example.Text("x")))));
    assertThat(DataCleaner.of(more).dropLeaked(test).clean().dataset().size()).isEqualTo(1);
  }

  @Test
  void wordingOfTheTaskIsNoLeak() {
    String task = "Read the following text and say in one word whether it is good or bad: ";
    List<Example> train =
        IntStream.range(0, 30)
            .<Example>mapToObj(i -> new Example.PromptCompletion(task + "text " + i, "good"))
            .toList();
    Dataset test =
        Datasets.of(List.of(new Example.PromptCompletion(task + "quite another one", "bad")));
    assertThat(DataChecker.of(Datasets.of(train)).testedOn(test).check().count(Check.LEAKAGE))
        .isZero();
  }

  @Test
  void measuresLengthsAndFindsTheSilentBugsOfSamples() {
    try (Tokenizer tokenizer = Tokenizer.load(TestTokenizers.stories())) {
      Dataset rows =
          Datasets.of(
              List.of(
                  new Example.Text("Once upon a time"),
                  new Example.Text("<s>Once upon a time"),
                  new Example.PromptCompletion("Once upon a time ".repeat(8), "the end."),
                  new Example.Text("Once upon a time ".repeat(8))));
      ExampleEncoder encoder = ExampleEncoder.builder(tokenizer, 16).build();
      DataReport report = DataChecker.of(rows).encoder(encoder).check();
      assertThat(report.lengths().orElseThrow().rows()).isEqualTo(4);
      assertThat(report.lengths().orElseThrow().over()).isEqualTo(2);
      assertThat(report.findings(Check.TOO_LONG)).extracting(Finding::row).containsExactly(2, 3);
      assertThat(report.findings(Check.DOUBLE_BOS)).extracting(Finding::row).containsExactly(1);
      assertThat(report.findings(Check.NOTHING_TO_LEARN))
          .extracting(Finding::row)
          .containsExactly(2);
      assertThat(report.count(Check.EOS_LOST)).isZero();
      ExampleEncoder endless = ExampleEncoder.builder(tokenizer, 16).appendEos(false).build();
      assertThat(DataChecker.of(rows).encoder(endless).check().findings(Check.EOS_LOST))
          .extracting(Finding::row)
          .containsExactly(0, 1, 3);
      ExampleEncoder strict = ExampleEncoder.builder(tokenizer, 16).overflow(Overflow.FAIL).build();
      assertThat(DataChecker.of(rows).encoder(strict).check().count(Check.TOO_LONG)).isEqualTo(2);
      // This tokenizer names no padding token, so batches are filled with eos.
      assertThat(report.findings(Check.PAD_IS_EOS)).hasSize(tokenizer.padId().isPresent() ? 0 : 1);
    }
  }

  @Test
  void findsThatTheTemplateOfTrainingIsNotThatOfUse() {
    Dataset rows = Datasets.of(List.of(new Example.Text("Lily saw a ball.")));
    ChatTemplate training = ChatTemplate.of("{{ messages[0].content }}", Map.of());
    ChatTemplate use = ChatTemplate.of("{{ messages[0].content }}!", Map.of());
    try (Tokenizer tokenizer = Tokenizer.load(TestTokenizers.stories())) {
      ExampleEncoder encoder = ExampleEncoder.builder(tokenizer, 64).chatTemplate(training).build();
      assertThat(DataChecker.of(rows).encoder(encoder).usedWith(use).check().findings())
          .filteredOn(finding -> finding.check() == Check.TEMPLATE_DIFFERS)
          .singleElement()
          .satisfies(
              finding -> assertThat(finding.message()).contains(training.digest(), use.digest()));
      ChatTemplate same = ChatTemplate.of("{{ messages[0].content }}\n", Map.of());
      DataReport report = DataChecker.of(rows).encoder(encoder).usedWith(same).check();
      assertThat(report.checks()).contains(Check.TEMPLATE_DIFFERS);
      assertThat(report.count(Check.TEMPLATE_DIFFERS)).isZero();
    }
  }

  @Test
  void findsTextsWithoutTheResponseMarker() {
    Dataset rows =
        Datasets.of(
            List.of(
                new Example.Text("### Question:\nq\n### Response:\na"),
                new Example.Text("### Question:\nq\n###Response:\na")));
    assertThat(
            DataChecker.of(rows)
                .responseMarker("### Response:")
                .check()
                .findings(Check.RESPONSE_MARKER_NOT_FOUND))
        .extracting(Finding::row)
        .containsExactly(1);
  }

  @Test
  void countsAllAndShowsTheFirst(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("rows.jsonl");
    Files.writeString(
        file, "{\"text\":\"\\u0007 number\"}\n{\"text\":5}\n".repeat(12) + "{\"text\":\"last\"}\n");
    DataReport report =
        DataChecker.of(Datasets.read(file).skipMalformed().open()).examples(3).check();
    assertThat(report.rows()).isEqualTo(13);
    assertThat(report.count(Check.ENCODING_DAMAGE)).isEqualTo(12);
    assertThat(report.findings(Check.ENCODING_DAMAGE)).hasSize(3);
    assertThat(report.count(Check.MALFORMED_ROW)).isEqualTo(12);
    assertThat(report.count(Check.EXACT_DUPLICATE)).isEqualTo(11);
    assertThat(report.text())
        .contains("ERROR: malformed rows: 12\n")
        .contains("rows.jsonl line 3: a control character U+0007 at character 0 of the text")
        .contains("  and 9 more\n")
        .contains("Nothing found: ");
    Path json = folder.resolve("report.json");
    report.writeJson(json);
    JsonNode written = Json.parse(Files.readString(json));
    assertThat(written.path("rows").asInt()).isEqualTo(13);
    assertThat(written.path("sound").asBoolean()).isFalse();
    assertThat(written.path("checks").get(0).path("check").asText()).isEqualTo("MALFORMED_ROW");
    assertThat(DataChecker.of(Datasets.jsonl(write(folder))).without(Check.values()).check().text())
        .isEqualTo(folder.resolve("one.jsonl") + ": 1 rows\n");
  }

  private static Path write(Path folder) throws IOException {
    return Files.writeString(folder.resolve("one.jsonl"), "{\"text\":\"\\u0007\"}\n");
  }

  @Test
  void refusesSettingsOutOfRange() {
    DataChecker checker = DataChecker.of(Datasets.of(List.of(new Example.Text("t"))));
    assertThatThrownBy(() -> checker.near(1.5)).isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> checker.leakedWords(0)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void publicSetsAreChecked() {
    Dataset banking = Datasets.read(Golden.data("banking77/train.csv")).open();
    DataReport report = DataChecker.of(banking).check();
    assertThat(report.labels()).hasSize(77);
    assertThat(report.count(Check.SECRET)).isZero();
    Dataset alpaca = Datasets.read(Golden.data("alpaca_demo/alpaca_en_demo.json")).open();
    DataReport instructions = DataChecker.of(alpaca).check();
    // These answers are long, and a few were cut at the writer's limit.
    assertThat(instructions.count(Check.TRUNCATED_ANSWER)).isBetween(1L, 100L);
    assertThat(instructions.count(Check.SECRET)).isZero();
  }
}
