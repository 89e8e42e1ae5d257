package io.adapt4j.upkeep.feedback;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.chat.ChatMessage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FeedbackLogTest {

  private static final Instant NOW = Instant.parse("2026-03-01T12:00:00Z");

  @TempDir private Path folder;

  static RecordedAnswer answer(String id) {
    return RecordedAnswer.of(
            id, "support@3", List.of(ChatMessage.user("Question of " + id)), "Answer of " + id)
        .withTime(NOW)
        .withConsent(true);
  }

  private String stored() throws IOException {
    return Files.readString(folder.resolve("feedback.jsonl"));
  }

  @Test
  void entriesAreReadBackAsTheyWereWritten() {
    FeedbackLog log = FeedbackLog.at(folder).plainCustomers().open();
    RecordedAnswer answer =
        RecordedAnswer.of(
                "a",
                "support@3",
                List.of(
                    ChatMessage.system("Be brief."),
                    ChatMessage.user("Grüße 😀").with("name", "Ann")),
                "Hello\nthere")
            .withCustomer("acme")
            .withConsent(true);
    log.record(answer);
    log.record(answer("b"));
    Feedback all =
        Feedback.on("a")
            .rated(Rating.stars(4))
            .corrected("Better")
            .preferredOver("b")
            .flagged("tone")
            .withCustomer("acme")
            .withConsent(true);
    assertThat(log.add(all)).isTrue();
    FeedbackEntries entries = FeedbackLog.at(folder).plainCustomers().open().read();
    assertThat(entries.answers()).containsExactly(answer, answer("b"));
    assertThat(entries.feedback()).containsExactly(all);
  }

  @Test
  void onlyJudgedAnswersAreReadForRules() {
    FeedbackLog log = FeedbackLog.open(folder);
    log.record(answer("a"));
    log.record(answer("b"));
    log.add(Feedback.on("b").rated(Rating.UP));
    assertThat(log.judged().answers()).extracting(RecordedAnswer::id).containsExactly("b");
  }

  @Test
  void customersAreStoredAsHashesThatDifferBetweenLogs() throws IOException {
    FeedbackLog log = FeedbackLog.open(folder);
    log.record(answer("a").withCustomer("acme"));
    assertThat(stored()).doesNotContain("acme").contains(log.customer("acme"));
    assertThat(FeedbackLog.open(folder).customer("acme")).isEqualTo(log.customer("acme"));
    assertThat(FeedbackLog.open(folder.resolve("other")).customer("acme"))
        .isNotEqualTo(log.customer("acme"));
    assertThatThrownBy(() -> FeedbackLog.at(folder).plainCustomers().open())
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("Leave out plainCustomers()");
  }

  @Test
  void contentWithoutConsentIsNotStored() throws IOException {
    FeedbackLog log = FeedbackLog.open(folder);
    log.record(answer("a").withConsent(false));
    log.add(Feedback.on("a").rated(Rating.DOWN).corrected("secret words").flagged("more words"));
    assertThat(log.add(Feedback.on("a").corrected("secret words"))).isTrue();
    assertThat(stored()).doesNotContain("Question", "Answer of", "words");
    FeedbackEntries entries = log.read();
    assertThat(entries.answers()).singleElement().matches(answer -> !answer.hasContent());
    assertThat(entries.feedback())
        .singleElement()
        .satisfies(
            feedback -> {
              assertThat(feedback.judgment().rating()).contains(Rating.DOWN);
              assertThat(feedback.judgment().correction()).isEmpty();
              assertThat(feedback.judgment().flag()).isPresent();
            });
  }

  @Test
  void contentWithoutConsentCanBeKeptForReview() {
    FeedbackLog log = FeedbackLog.at(folder).withoutConsent(WithoutConsent.KEEP_UNTRAINED).open();
    log.record(answer("a").withConsent(false));
    assertThat(log.read().answers()).singleElement().matches(RecordedAnswer::hasContent);
  }

  @Test
  void feedbackOnUnknownAnswersIsRefused() {
    FeedbackLog log = FeedbackLog.open(folder);
    log.record(answer("a"));
    assertThat(log.add(Feedback.on("b").rated(Rating.UP))).isFalse();
    assertThat(log.add(Feedback.on("a").preferredOver("b"))).isFalse();
    assertThat(log.read().feedback()).isEmpty();
    assertThatThrownBy(() -> log.add(Feedback.on("a")))
        .hasMessageContaining("expected a rating, correction, preference or flag");
    assertThatThrownBy(() -> log.record(answer("a"))).hasMessageContaining("not recorded yet");
    assertThatThrownBy(() -> Feedback.on("a").preferredOver("a"))
        .hasMessageContaining("expected another answer");
    assertThatThrownBy(() -> Feedback.on("a").corrected(" ")).hasMessageContaining("correction");
    assertThatThrownBy(() -> Rating.stars(6)).hasMessageContaining("found 6");
    assertThatThrownBy(() -> log.record(answer("c".repeat(300)))).hasMessageContaining("id:");
  }

  @Test
  void expiredEntriesLeaveTheFile() throws IOException {
    FeedbackLog log =
        FeedbackLog.at(folder)
            .retention(Duration.ofDays(30))
            .clock(Clock.fixed(NOW, ZoneOffset.UTC))
            .open();
    log.record(answer("old").withTime(NOW.minus(Duration.ofDays(30))));
    log.record(answer("new").withTime(NOW.minus(Duration.ofDays(30)).plusMillis(1)));
    log.add(Feedback.on("old").rated(Rating.UP).withTime(NOW));
    assertThat(log.expire()).containsExactly("old");
    assertThat(stored()).doesNotContain("Question of old").contains("Question of new");
    assertThat(log.expire()).isEmpty();
    assertThat(log.version("old")).isEmpty();
    assertThatThrownBy(() -> FeedbackLog.open(folder).expire())
        .hasMessageContaining("Set retention()");
  }

  @Test
  void aCustomerIsForgottenWithAllThatBelongsToTheAnswers() throws IOException {
    FeedbackLog log = FeedbackLog.open(folder);
    log.record(answer("a").withCustomer("acme"));
    log.record(answer("b").withCustomer("other"));
    log.record(answer("c").withCustomer("other"));
    log.add(Feedback.on("a").corrected("quotes a").withConsent(true).withCustomer("other"));
    log.add(Feedback.on("b").rated(Rating.UP).withCustomer("acme"));
    log.add(Feedback.on("b").preferredOver("a").withCustomer("other"));
    Feedback kept = Feedback.on("b").rated(Rating.DOWN);
    log.add(kept);
    List<String> gone = log.forget("acme");
    assertThat(gone).hasSize(4).contains("a");
    assertThat(log.forgotten()).isEqualTo(gone);
    assertThat(stored()).doesNotContain("Question of a\"", "quotes a", log.customer("acme"));
    assertThat(log.read().answers()).extracting(RecordedAnswer::id).containsExactly("b", "c");
    assertThat(log.read().feedback()).extracting(Feedback::id).containsExactly(kept.id());
    assertThat(log.forget("acme")).isEmpty();
  }

  @Test
  void anUnfinishedLineIsReplacedAndADamagedOneSkipped() throws IOException {
    FeedbackLog log = FeedbackLog.open(folder);
    Path file = folder.resolve("feedback.jsonl");
    log.record(answer("a"));
    Files.writeString(file, "{\"kind\":\"answer\",\"id\":\"torn", StandardOpenOption.APPEND);
    assertThat(log.read().answers()).hasSize(1);
    log.record(answer("b"));
    assertThat(stored()).doesNotContain("torn");
    Files.writeString(file, stored().replace("Answer of a", "Answer of A"));
    FeedbackLog again = FeedbackLog.open(folder);
    assertThat(again.read().answers()).extracting(RecordedAnswer::id).containsExactly("b");
    again.record(answer("c"));
    // What cannot be read may be a forgotten customer's.
    assertThat(again.forget("anybody")).isEmpty();
    assertThat(stored()).doesNotContain("Answer of A").contains("Answer of b", "Answer of c");
  }

  @Test
  void aFileThatIsNoLogIsRefused() throws IOException {
    Files.writeString(folder.resolve("feedback.jsonl"), "{\"messages\": []}\n");
    assertThatThrownBy(() -> FeedbackLog.open(folder))
        .isInstanceOf(UncheckedIOException.class)
        .hasMessageContaining("feedback.jsonl")
        .hasMessageContaining("name another folder");
  }

  @Test
  void aFullLogRefusesMore() {
    FeedbackLog log = FeedbackLog.at(folder).maxBytes(400).open();
    log.record(answer("a"));
    assertThatThrownBy(() -> log.record(answer("b"))).hasMessageContaining("limit of 400 bytes");
    assertThat(log.read().answers()).hasSize(1);
  }

  @Test
  void manyThreadsWithLogsOfTheirOwnLoseNothing() throws Exception {
    int threads = 4;
    int each = 25;
    ExecutorService pool = Executors.newFixedThreadPool(threads);
    try {
      List<Callable<Void>> work = new ArrayList<>();
      for (int t = 0; t < threads; t++) {
        int thread = t;
        work.add(
            () -> {
              FeedbackLog log = FeedbackLog.open(folder);
              for (int i = 0; i < each; i++) {
                String id = thread + "-" + i;
                boolean kept = i % 5 != 0;
                log.record(answer(id).withCustomer(kept ? "kept" : "gone"));
                assertThat(log.add(Feedback.on(id).rated(Rating.UP)) || !kept).isTrue();
                if (i % 10 == 9) {
                  log.forget("gone");
                }
              }
              return null;
            });
      }
      for (Future<Void> done : pool.invokeAll(work)) {
        done.get();
      }
    } finally {
      pool.shutdownNow();
    }
    FeedbackLog log = FeedbackLog.open(folder);
    log.forget("gone");
    assertThat(log.read().answers()).hasSize(threads * each * 4 / 5);
    assertThat(log.read().feedback()).hasSize(threads * each * 4 / 5);
    assertThat(log.forgotten())
        .doesNotHaveDuplicates()
        .filteredOn(id -> !id.startsWith("feedback-"))
        .hasSize(threads * each / 5);
  }
}
