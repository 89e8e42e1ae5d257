package io.adapt4j.upkeep.deletion;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.upkeep.feedback.FeedbackLog;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Places that keep texts. */
class KeptTextsTest {

  @TempDir private Path folder;

  @Test
  void eachPlaceIsOne() {
    List<Consumer<KeptTexts>> places =
        List.of(
            kept -> kept.addReplies(folder.resolve("replies")),
            kept -> kept.addAnswers(folder.resolve("answers")),
            kept -> kept.addFeedback(FeedbackLog.open(folder.resolve("feedback"))));
    assertThat(new KeptTexts().isEmpty()).isTrue();
    for (Consumer<KeptTexts> place : places) {
      KeptTexts kept = new KeptTexts();
      place.accept(kept);
      assertThat(kept.isEmpty()).isFalse();
      assertThat(kept.forget(List.of("nothing that anybody has ever said"))).isEmpty();
    }
  }
}
