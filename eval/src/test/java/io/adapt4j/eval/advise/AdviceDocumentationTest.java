package io.adapt4j.eval.advise;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.eval.advise.Situation.Citations;
import io.adapt4j.eval.advise.Situation.Need;
import io.adapt4j.eval.advise.Situation.Privacy;
import io.adapt4j.eval.advise.Situation.Updates;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** docs/advice.md: its examples run, and print what it says. */
class AdviceDocumentationTest {

  private static final Situation SITUATION =
      Situation.needing(Need.FACTS)
          .updates(Updates.DAILY)
          .documentTokens(1_000_000)
          .citations(Citations.HELPFUL)
          .tried(Approach.PROMPTING, 0.4)
          .target(0.8)
          .build();

  @Test
  void theFirstExamplePrintsWhatTheGuideShows() throws IOException {
    String guide = Files.readString(Path.of("../docs/advice.md"));
    String begin = "Recommended: RAG.\n";
    String shown = guide.substring(guide.indexOf(begin), guide.indexOf("...\n```"));
    assertThat(Advisor.standard().advise(SITUATION).text()).startsWith(shown);
  }

  @Test
  void theSecondExampleForbidsTrainingOnWhatIsNotPublic() {
    Rule lawyers =
        Rule.when("our lawyers", s -> s.privacy() != Privacy.PUBLIC)
            .points(Approach.FINE_TUNING, -10)
            .because(
                "customers' texts must not be trained on",
                new Source("Our contract", "no training"));
    Advisor ours = Advisor.standard().with(lawyers);
    Situation confidential =
        Situation.needing(Need.BEHAVIOUR).examples(2_000).privacy(Privacy.CONFIDENTIAL).build();
    assertThat(ours.advise(confidential).approaches())
        .filteredOn(one -> one.choice() == Approach.FINE_TUNING)
        .allMatch(Advice.Option::isRuledOut);
  }
}
