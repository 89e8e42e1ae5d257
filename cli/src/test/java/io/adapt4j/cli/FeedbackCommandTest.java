package io.adapt4j.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.cli.CommandsTest.Result;
import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.upkeep.feedback.Feedback;
import io.adapt4j.upkeep.feedback.FeedbackLog;
import io.adapt4j.upkeep.feedback.Rating;
import io.adapt4j.upkeep.feedback.RecordedAnswer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The command {@code feedback}. */
class FeedbackCommandTest {

  @TempDir private Path folder;
  private Path log;

  @BeforeEach
  void record() {
    log = folder.resolve("log");
    FeedbackLog to = FeedbackLog.open(log);
    answer(to, "a", "ann", "When do you open?", "At nine.");
    answer(to, "b", "bob", "When do you open?", "At nine.");
    answer(to, "c", "bob", "Whom do I write to?", "Write to ann@example.org.");
    to.add(Feedback.on("a").rated(Rating.UP).withCustomer("ann").withConsent(true));
    to.add(Feedback.on("b").rated(Rating.UP).withCustomer("bob").withConsent(true));
    to.add(Feedback.on("c").corrected("Call +49 30 901820.").withCustomer("bob").withConsent(true));
    to.add(Feedback.on("c").rated(Rating.DOWN).withCustomer("cid"));
  }

  private static void answer(FeedbackLog to, String id, String who, String question, String text) {
    to.record(
        RecordedAnswer.of(id, "support@1", List.of(ChatMessage.user(question)), text)
            .withCustomer(who)
            .withConsent(true)
            .withTime(id.equals("a") ? Instant.now().minus(Duration.ofDays(9)) : Instant.now()));
  }

  private Result execute(Object... arguments) {
    List<Object> all = new ArrayList<>(List.of("feedback"));
    all.addAll(List.of(arguments));
    all.addAll(List.of("--log", log));
    return CommandsTest.execute(all.toArray());
  }

  @Test
  void rowsAreWrittenWithReasonsForWhatIsLeftOut() throws IOException {
    Path rows = folder.resolve("rows");
    Result made = execute("rows", "--output", rows);
    assertThat(made.code()).as(made.err()).isZero();
    assertThat(made.out())
        .contains(
            "2 answers to learn, 1 preferences",
            "left out 1: rows equal to others",
            "left out 1: feedback without consent to training",
            "Wrote " + rows.resolve("answers.jsonl"));
    assertThat(Files.readString(rows.resolve("preferences.jsonl")))
        .contains("[EMAIL]", "[PHONE]", "\"origin\"")
        .doesNotContain("ann@example.org");
    Result again = execute("rows", "--output", rows);
    assertThat(again.code()).isEqualTo(ExitCode.USAGE);
    assertThat(again.err()).contains("--output", "answers.jsonl", "--overwrite");
    Path rules =
        Files.writeString(folder.resolve("rules.yaml"), "rules: [rated-up]\nmask: false\n");
    JsonNode json =
        execute("rows", "--output", rows, "--overwrite", "--rules", rules, "--json").json();
    assertThat(json.path("answers").asInt()).isEqualTo(1);
    assertThat(json.path("files")).hasSize(1);
    assertThat(rows.resolve("preferences.jsonl")).doesNotExist();
  }

  @Test
  void checksNameRepetitionsLeaksAndPersonalData() throws IOException {
    Path exam =
        Files.writeString(
            folder.resolve("exam.jsonl"),
            "{\"prompt\": \"Whom do I write to?\", \"completion\": \"Us.\"}\n");
    Result found = execute("check", "--exam", exam, "--json");
    assertThat(found.code()).as(found.err()).isEqualTo(ExitCode.FINDINGS);
    assertThat(found.json().at("/omitted/rows equal to others").asInt()).isEqualTo(1);
    assertThat(found.json().at("/omitted/rows that are in the exam").asInt()).isEqualTo(2);
    assertThat(found.json().at("/personal/EMAIL").asInt()).isEqualTo(1);
    assertThat(execute("check").out()).contains("personal data in 2: PHONE");
    Path rules = Files.writeString(folder.resolve("rules.yaml"), "rules: [preference]\n");
    assertThat(execute("check", "--rules", rules).code()).isZero();
  }

  /** The weights are random: it finds something, wherever that is. */
  @Test
  void aModelFindsMorePersonalData() throws IOException {
    Path model = Path.of("..", "core", "fixtures", "families", "privacy_filter_tokens");
    Path rows = folder.resolve("rows");
    Result made = execute("rows", "--output", rows, "--personal-model", model);
    assertThat(made.code()).as(made.err()).isZero();
    String written =
        Files.readString(rows.resolve("answers.jsonl"))
            + Files.readString(rows.resolve("preferences.jsonl"));
    assertThat(written).containsPattern("\\[(PRIVATE_PERSON|SECRET)]").contains("[EMAIL]");
    assertThat(execute("check", "--personal-model", model).out())
        .containsPattern("personal data in \\d: (PRIVATE_PERSON|SECRET)");
    Path rules =
        Files.writeString(folder.resolve("rules.yaml"), "rules: [rated-up]\nmask: false\n");
    Result contrary =
        execute(
            "rows", "--output", rows, "--overwrite", "--personal-model", model, "--rules", rules);
    assertThat(contrary.code()).isEqualTo(ExitCode.USAGE);
    assertThat(contrary.err()).contains("--personal-model", "mask: false");
    assertThat(execute("check", "--personal-model", folder.resolve("none")).code())
        .isEqualTo(ExitCode.USAGE);
  }

  @Test
  void aCustomerAndOldEntriesAreRemoved() {
    assertThat(execute("expire", "--days", "7").out())
        .isEqualTo("Removed 1 entries older than 7 days.\n");
    assertThat(execute("forget", "bob", "--json").json().path("removed")).hasSize(5);
    assertThat(FeedbackLog.open(log).read().answers()).isEmpty();
    assertThat(execute("forget", "bob").out()).startsWith("Removed 0 entries");
    assertThat(execute("expire", "--days", "0").err()).contains("--days: expected at least 1");
  }

  @Test
  void aLogWithPlainCustomersIsReadWhereThatIsSaid() {
    log = folder.resolve("plain");
    FeedbackLog.at(log).plainCustomers().open();
    assertThat(execute("forget", "ann").code()).isEqualTo(ExitCode.USAGE);
    assertThat(execute("forget", "ann", "--plain-customers").code()).isZero();
  }
}
