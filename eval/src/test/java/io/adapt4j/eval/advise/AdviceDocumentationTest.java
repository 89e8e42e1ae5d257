package io.adapt4j.eval.advise;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.eval.advise.Requirements.Citations;
import io.adapt4j.eval.advise.Requirements.Need;
import io.adapt4j.eval.advise.Requirements.Privacy;
import io.adapt4j.eval.advise.Requirements.Updates;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** docs/advice.md: its examples run, and print what it says. */
class AdviceDocumentationTest {

  private static final Requirements SITUATION =
      Requirements.needing(Need.FACTS)
          .updates(Updates.DAILY)
          .documentTokens(1_000_000)
          .citations(Citations.HELPFUL)
          .tried(Strategy.PROMPTING, 0.4)
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
            .points(Strategy.FINE_TUNING, -10)
            .because("customers' texts must not be trained on", "Our contract", "no training");
    Advisor ours = Advisor.standard().with(lawyers);
    Requirements confidential =
        Requirements.needing(Need.BEHAVIOR).examples(2_000).privacy(Privacy.CONFIDENTIAL).build();
    assertThat(ours.advise(confidential).strategies())
        .filteredOn(option -> option.choice() == Strategy.FINE_TUNING)
        .allMatch(Advice.Option::isRuledOut);
  }
}
