package io.adapt4j.upkeep.feedback;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.faults.FaultCheck;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/** Appending to a log and rewriting it, under every fault at every call. */
class FeedbackLogUnderFaultsTest {

  private static FeedbackLog log(Path folder) {
    return FeedbackLog.at(folder).plainCustomers().open();
  }

  private static void fill(Path folder) {
    FeedbackLog log = log(folder);
    log.record(FeedbackLogTest.answer("a").withCustomer("gone"));
    log.record(FeedbackLogTest.answer("b").withCustomer("kept"));
  }

  private static String content(Path folder) {
    FeedbackEntries entries = log(folder).read();
    return entries.answers().stream().map(RecordedAnswer::id).collect(Collectors.joining())
        + entries.feedback().size();
  }

  @Test
  void appending() throws Exception {
    int faults =
        FaultCheck.of("feedback log, appending")
            .before(FeedbackLogUnderFaultsTest::fill)
            .writing(
                folder -> {
                  if (log(folder).version("c").isEmpty()) {
                    log(folder).record(FeedbackLogTest.answer("c"));
                  }
                })
            .reading(FeedbackLogUnderFaultsTest::content)
            .keeping(".*\\.lock")
            .run();
    assertThat(faults).isGreaterThan(80);
  }

  @Test
  void forgetting() throws Exception {
    int faults =
        FaultCheck.of("feedback log, forgetting")
            .before(FeedbackLogUnderFaultsTest::fill)
            .writing(folder -> log(folder).forget("gone"))
            .reading(folder -> content(folder) + List.copyOf(log(folder).forgotten()))
            .keeping(".*\\.lock")
            .run();
    assertThat(faults).isGreaterThan(80);
  }
}
