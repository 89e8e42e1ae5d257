package io.adapt4j.examples;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.eval.advise.Recommendation;
import io.adapt4j.eval.advise.Strategy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole way from documents to four rows, with the small model and little training. */
class TuneForDocumentsTest {

  @TempDir private Path output;

  @Test
  void itTrainsFromAnIndexAndComparesFourCandidates() throws IOException {
    Path model =
        (Files.exists(Path.of("models")) ? Path.of("") : Path.of("examples"))
            .resolve("models/stories260K");
    Recommendation recommendation =
        TuneForDocuments.run(
            TuneForDocuments.villages(24), TuneForDocuments.aboutVillages(24), model, output, 1);
    assertThat(recommendation.standings())
        .extracting(Recommendation.Standing::strategy)
        .containsExactly(Strategy.values());
    assertThat(recommendation.text())
        .contains("| base | 0.", "| RAG | 0.", "| fine-tuned | 0.", "| both | 0.");
    assertThat(Files.readString(output.resolve("raft.jsonl")))
        .contains("They keep goats [", "The documents do not say.", "\"gold\":\"Belby#0\"");
    assertThat(output.resolve("raft.jsonl.provenance.json")).exists();
  }
}
