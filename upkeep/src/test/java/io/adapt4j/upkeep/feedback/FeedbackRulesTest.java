package io.adapt4j.upkeep.feedback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FeedbackRulesTest {

  @TempDir private Path folder;

  private static RecordedAnswer answer(String id, String question, String text) {
    return RecordedAnswer.of(id, "support@3", List.of(ChatMessage.user(question)), text)
        .withConsent(true)
        .withCustomer("asker");
  }

  private static Feedback on(String id) {
    return Feedback.on(id).withConsent(true).withCustomer("giver");
  }

  private static FeedbackRows rows(List<RecordedAnswer> answers, Feedback... feedback) {
    return FeedbackRules.all().rows(new FeedbackEntries(answers, List.of(feedback)));
  }

  private static Example chat(String question, String text) {
    return new Example.Chat(List.of(ChatMessage.user(question), ChatMessage.assistant(text)));
  }

  private static Example preference(String question, String good, String bad) {
    return new Example.ChatPreference(
        List.of(ChatMessage.user(question)),
        List.of(ChatMessage.assistant(good)),
        List.of(ChatMessage.assistant(bad)));
  }

  @Test
  void anAnswerRatedUpIsLearnedWithItsOrigin() {
    Feedback up = on("a").rated(Rating.stars(5));
    FeedbackRows rows = rows(List.of(answer("a", "Why?", "So.")), up);
    assertThat(rows.preferences()).isEmpty();
    assertThat(rows.answers())
        .containsExactly(
            new FeedbackRow(
                chat("Why?", "So."),
                FeedbackRule.RATED_UP,
                List.of("a", up.id()),
                List.of("support@3"),
                List.of("giver", "asker")));
  }

  @Test
  void aCorrectionIsLearnedAndPreferredToTheAnswer() {
    FeedbackRows rows =
        rows(
            List.of(answer("a", "Why?", "So.")),
            on("a").rated(Rating.DOWN).corrected("Because of the rain."));
    assertThat(rows.answers())
        .singleElement()
        .satisfies(row -> assertThat(row.rule()).isEqualTo(FeedbackRule.CORRECTION))
        .extracting(FeedbackRow::example)
        .isEqualTo(chat("Why?", "Because of the rain."));
    assertThat(rows.preferences())
        .singleElement()
        .extracting(FeedbackRow::example)
        .isEqualTo(preference("Why?", "Because of the rain.", "So."));
  }

  @Test
  void anExplicitPreferenceAndUpOverDownMakePreferences() {
    List<RecordedAnswer> answers =
        List.of(
            answer("a", "Why?", "Good."), answer("b", "Why?", "Bad."), answer("c", "How?", "So."));
    assertThat(rows(answers, on("a").preferredOver("b")).preferences())
        .singleElement()
        .satisfies(row -> assertThat(row.rule()).isEqualTo(FeedbackRule.PREFERENCE))
        .extracting(FeedbackRow::example)
        .isEqualTo(preference("Why?", "Good.", "Bad."));
    FeedbackRows rows = rows(answers, on("a").rated(Rating.UP), on("b").rated(Rating.stars(2)));
    assertThat(rows.preferences())
        .singleElement()
        .satisfies(row -> assertThat(row.rule()).isEqualTo(FeedbackRule.UP_OVER_DOWN))
        .satisfies(row -> assertThat(row.entries()).contains("a", "b").hasSize(4))
        .extracting(FeedbackRow::example)
        .isEqualTo(preference("Why?", "Good.", "Bad."));
    assertThat(rows(answers, on("a").preferredOver("c")).omitted())
        .containsKey("preferences over answers to another request, flagged, or without consent");
  }

  @Test
  void contradictionsAreLeftOutAndCounted() {
    List<RecordedAnswer> answers =
        List.of(answer("a", "Why?", "So."), answer("b", "Why?", "So."), answer("c", "Why?", "No."));
    FeedbackRows rows =
        rows(
            answers,
            on("a").rated(Rating.UP),
            on("b").rated(Rating.DOWN),
            on("a").preferredOver("c"),
            on("c").preferredOver("a"));
    assertThat(rows.size()).isZero();
    assertThat(rows.omitted())
        .containsEntry("ratings of one answer to one request that contradict each other", 2)
        .containsEntry("preferences that contradict each other", 2);
    assertThat(rows.text()).contains("left out 2: preferences that contradict each other");
  }

  @Test
  void theLastRatingOfACustomerCounts() {
    List<RecordedAnswer> answers = List.of(answer("a", "Why?", "So."));
    assertThat(rows(answers, on("a").rated(Rating.DOWN), on("a").rated(Rating.UP)).answers())
        .hasSize(1);
    assertThat(rows(answers, on("a").rated(Rating.UP), on("a").rated(Rating.stars(3))).answers())
        .isEmpty();
  }

  @Test
  void nothingIsLearnedWithoutConsentOrFromFlaggedAnswers() {
    RecordedAnswer answer = answer("a", "Why?", "So.");
    Feedback up = on("a").rated(Rating.UP);
    assertThat(rows(List.of(answer.withConsent(false)), up).size()).isZero();
    assertThat(rows(List.of(answer), up.withConsent(false)).omitted())
        .containsEntry("feedback without consent to training", 1);
    FeedbackRows flagged =
        rows(List.of(answer), up, Feedback.on("a").flagged("rude").withConsent(false));
    assertThat(flagged.size()).isZero();
    assertThat(flagged.omitted()).containsKey("feedback on answers that were flagged");
    assertThat(rows(List.of(), up).omitted())
        .containsKey("feedback on answers that are no longer in the log");
  }

  @Test
  void personalDataIsMaskedUnlessItIsWanted() {
    List<RecordedAnswer> answers = List.of(answer("a", "I am ann@x.org.", "Hi +49 30 1234567!"));
    Feedback up = on("a").rated(Rating.UP);
    assertThat(rows(answers, up).answers().get(0).example())
        .isEqualTo(chat("I am [EMAIL].", "Hi [PHONE]!"));
    FeedbackEntries entries = new FeedbackEntries(answers, List.of(up));
    assertThat(FeedbackRules.all().withoutMasking().rows(entries).answers().get(0).example())
        .isEqualTo(chat("I am ann@x.org.", "Hi +49 30 1234567!"));
  }

  @Test
  void writtenRowsAreReadBackByTheLibrary() {
    FeedbackRows rows =
        rows(
            List.of(answer("a", "Why?", "So.")),
            on("a").rated(Rating.DOWN).corrected("Because of the rain."));
    assertThat(rows.write(folder)).hasSize(2);
    Dataset answers = Datasets.read(folder.resolve("answers.jsonl")).open();
    Dataset preferences = Datasets.read(folder.resolve("preferences.jsonl")).open();
    assertThat(answers.get(0)).isEqualTo(rows.answers().get(0).example());
    assertThat(preferences.get(0)).isEqualTo(rows.preferences().get(0).example());
    assertThat(answers.source(0).orElseThrow().value(FeedbackRows.ORIGIN))
        .isEqualTo(rows.answers().get(0).origin());
    FeedbackRows fewer = new FeedbackRows(rows.answers(), List.of(), Map.of());
    assertThat(fewer.write(folder)).hasSize(1);
    assertThat(folder.resolve("preferences.jsonl")).doesNotExist();
  }

  @Test
  void rulesAreReadFromAFile() throws Exception {
    Path file = folder.resolve("rules.yaml");
    Files.writeString(file, "rules: [correction, rated-up]\nmask: false\n");
    assertThat(FeedbackRules.read(file).toString())
        .isEqualTo(
            """
            a correction is an answer to learn.
            an answer rated up, without a correction, is an answer to learn.
            """);
    Files.writeString(file, "rules: [rated-upp]\n");
    assertThatThrownBy(() -> FeedbackRules.read(file))
        .hasMessageContaining("Did you mean 'rated-up'?");
    Files.writeString(file, "{\"mask\": true}");
    assertThatThrownBy(() -> FeedbackRules.read(file)).hasMessageContaining("rules");
  }
}
