package io.adapt4j.studio;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.chat.ChatMessage;
import io.adapt4j.upkeep.feedback.Feedback;
import io.adapt4j.upkeep.feedback.FeedbackLog;
import io.adapt4j.upkeep.feedback.Rating;
import io.adapt4j.upkeep.feedback.RecordedAnswer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

/** Feedback that becomes rows, customers who are forgotten, and drift. */
@DisabledOnOs(value = OS.WINDOWS, disabledReason = "commands are run by a queue of processes")
class InboxTest {

  @TempDir private Path folder;
  private Path workspace;
  private Studio studio;
  private Browser browser;
  private String inbox = "";

  @BeforeEach
  void start() throws Exception {
    workspace = folder.resolve("ws");
    studio =
        Studio.builder()
            .workspace(workspace)
            .models(TestWorkspace.MODEL)
            .trainer(TestTrainer.command())
            .start();
    browser = Browser.of(studio);
  }

  @AfterEach
  void close() {
    studio.close();
  }

  /** Starts a service that fails at once, and writes into its log what it would have recorded. */
  private void record() throws Exception {
    String model = TestWorkspace.MODEL.toString();
    String service =
        browser
            .post("services", "model", model, "name", "broken", "feedback", "1", "consent", "1")
            .uri()
            .getPath()
            .substring(1);
    inbox = service.replace("services/", "inbox/");
    FeedbackLog log = FeedbackLog.open(workspace.resolve(service).resolve("feedback"));
    for (int i = 0; i < 12; i++) {
      String customer = i < 2 ? "acme" : "c" + i;
      log.record(
          RecordedAnswer.of(
                  "a" + i,
                  "cats@1+sha256:ff",
                  List.of(ChatMessage.user("Question " + i + " <b>?")),
                  "Answer " + i)
              .withCustomer(customer)
              .withConsent(true));
      Feedback feedback = Feedback.on("a" + i).withCustomer(customer).withConsent(true);
      if (i < 3) {
        log.add(i == 1 ? feedback.corrected("Better") : feedback.rated(Rating.UP));
      }
    }
    log.add(Feedback.on("a4").flagged("look at <i>this</i>").withConsent(true));
  }

  @Test
  void feedbackIsPagedAndBecomesRows() throws Exception {
    record();
    assertThat(browser.get("registry").body()).contains("href=\"/" + inbox);
    assertThat(browser.get(inbox).body())
        .contains("Question 1 &lt;b&gt;?", "Better", "cats@1", "look at &lt;i&gt;this")
        .doesNotContain("Question 7", "sha256:ff", "acme");
    assertThat(browser.get(inbox + "?show=all").body()).contains("Question 7", "1–10 of 12");
    assertThat(browser.get(inbox + "?show=all&page=1").body())
        .contains("Question 1 ")
        .doesNotContain("Question 7");

    browser.post(inbox + "/rows");
    String made = browser.wait(inbox, text -> text.contains("answers to learn"));
    assertThat(made)
        .contains("3 answers to learn, 1 preferences", "broken answers.jsonl", "flagged");
    String rows = made.split("href=\"/data/", 2)[1].split("\"", 2)[0];
    browser.wait("data/" + rows, text -> text.contains("<b>3</b><span>Rows</span>"));

    assertThat(browser.post(inbox + "/forget", "customer", " ").statusCode()).isEqualTo(422);
    browser.post(inbox + "/forget", "customer", "acme");
    assertThat(browser.get(inbox).body())
        .contains("4 entries were removed", "2 rows of this customer are still in this data")
        .doesNotContain("Question 1 ");
  }

  @Test
  void driftIsSaidInWords() throws Exception {
    Path before = folder.resolve("before.jsonl");
    Path now = folder.resolve("now.jsonl");
    Files.writeString(before, "{\"text\": \"the cat sat on the mat\"}\n".repeat(60));
    Files.writeString(now, "{\"text\": \"interest rates rise again\"}\n".repeat(60));
    String first = TestWorkspace.open(browser, before);
    String second = TestWorkspace.open(browser, now);
    assertThat(browser.post("drift", "reference", first, "now", first).body())
        .contains("Choose other data than the earlier");
    assertThat(browser.post("drift", "reference", "x", "now", "y").statusCode()).isEqualTo(422);
    String drift =
        browser.post("drift", "reference", first, "now", second).uri().getPath().substring(1);
    assertThat(browser.wait(drift, text -> text.contains("data-state>done")))
        .contains("The rows have drifted: 60 earlier rows, 60 rows now", "AUC of", "interest");
    assertThat(browser.get("drift").body()).contains("before.jsonl → now.jsonl");
  }
}
