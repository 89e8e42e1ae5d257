package io.adapt4j.verification.study;

import static io.adapt4j.verification.ExampleFiles.example;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;

import io.adapt4j.core.model.ModelSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The whole study at a size of seconds, on the real small model. */
class StudyTest {

  private static final StudySize TOY = new StudySize(4, 1, 6, 5, 2, 1, List.of(1L, 2L));

  @TempDir private Path folder;
  private final List<String> progress = new ArrayList<>();

  @Test
  void itTrainsExaminesComparesAndGoesOnWhereItWasEnded() throws IOException {
    String text = study(TOY).run();

    assertThat(text)
        .startsWith("20 questions with four answers on new facts, 2 seeds.")
        .contains("| base | ", "| base + RAG | ", "| fine-tuned at 5e-05, 10 paraphrases + RAG | ")
        .contains("| base + RAG less fine-tuned at 5e-04, 10 paraphrases | ")
        .contains("The document that answers was among the 2 passages for 100.0 %")
        .contains("- RAG is above fine-tuning on any number of paraphrases: ");
    assertThat(text.lines().filter(line -> line.startsWith("| fine-tuned")).count())
        .isEqualTo(2 * (7 + 4));
    assertThat(folder.resolve("results.md")).hasContent(text);
    assertThat(progress).anyMatch(line -> line.startsWith("base model: "));

    progress.clear();
    Files.delete(folder.resolve("seed-2/rate-5e-04-paraphrases-10-rag.tsv"));
    assertThat(study(TOY).run()).isEqualTo(text);
    assertThat(progress).hasSize(1);
    assertThat(progress.get(0)).startsWith("seed 2, fine-tuned at 5e-04, 10 paraphrases + RAG: ");

    StudySize other = new StudySize(4, 1, 6, 5, 2, 2, List.of(1L, 2L));
    assertThatIllegalStateException()
        .isThrownBy(() -> study(other).run())
        .withMessageContaining("another size")
        .withMessageContaining("epochs=2");
  }

  @Test
  void moreStoriesThanThereAreAreRefusedBeforeAnythingIsTrained() {
    StudySize size = new StudySize(4, 1, 6, 500, 2, 1, List.of(1L));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> study(size))
        .withMessageContaining("stories.jsonl: expected at least 500 stories, found 120");
    assertThat(folder).isEmptyDirectory();
  }

  private Study study(StudySize size) {
    return new Study(
        ModelSource.path(example("models/stories260K")),
        example("data/tinystories/stories.jsonl"),
        size,
        folder,
        progress::add);
  }
}
