package io.adapt4j.verification;

import static io.adapt4j.verification.ExampleFiles.example;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.eval.Candidate;
import io.adapt4j.eval.ComparisonReport;
import io.adapt4j.eval.Evaluator;
import io.adapt4j.eval.task.Tasks;
import io.adapt4j.gguf.GgufExport;
import io.adapt4j.gguf.GgufQuantization;
import io.adapt4j.rag.Rag;
import io.adapt4j.rag.answer.Answer;
import io.adapt4j.rag.answer.AnswerOptions;
import io.adapt4j.rag.document.Document;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** GGUF files of a real, tiny model are evaluated and answer from documents as its folder does. */
class GgufCandidateTest {

  private static final Path STORIES = example("models/stories260K");

  @TempDir private Path folder;

  @BeforeEach
  void keepFilesHere() {
    System.setProperty("adapt4j.model.files", folder.resolve("files").toString());
  }

  private ModelSource file(GgufQuantization type) {
    Path file = folder.resolve(type + ".gguf");
    GgufExport.of(STORIES).type(type).to(file);
    return ModelSource.path(file);
  }

  @Test
  void anEvaluationComparesAFileWithTheFolderItWasMadeOf() {
    try (LanguageModel model = LanguageModel.load(ModelSource.path(STORIES));
        LanguageModel same = LanguageModel.load(file(GgufQuantization.F32));
        LanguageModel eight = LanguageModel.load(file(GgufQuantization.Q8_0));
        LanguageModel four = LanguageModel.load(file(GgufQuantization.Q4_0))) {
      Map<String, Candidate> candidates = new LinkedHashMap<>();
      candidates.put("folder", Candidate.of(model));
      candidates.put("F32", Candidate.of(same));
      candidates.put("Q8_0", Candidate.of(eight));
      candidates.put("Q4_0", Candidate.of(four));

      ComparisonReport report =
          Evaluator.builder()
              .tasks(Tasks.perplexity("stories", texts()))
              .build()
              .compare(candidates);

      double baseline = report.baseline().result("stories").score().value();
      assertThat(difference(report, "F32")).isCloseTo(0, within(1e-5));
      assertThat(Math.abs(difference(report, "Q8_0"))).isBetween(1e-7, 0.005 * baseline);
      assertThat(difference(report, "Q4_0")).isGreaterThan(0.005 * baseline);
      assertThat(Candidate.of(eight).identity()).isNotEqualTo(Candidate.of(four).identity());
    }
  }

  private static double difference(ComparisonReport report, String candidate) {
    return report.comparison(candidate, "stories").difference().value();
  }

  private static List<String> texts() {
    Dataset rows = Datasets.jsonl(example("data/tinystories/heldout.jsonl")).take(10);
    return IntStream.range(0, rows.size())
        .mapToObj(row -> ((Example.Text) rows.get(row)).text())
        .toList();
  }

  @Test
  void aFileAnswersFromDocumentsAsItsFolderDoes() throws IOException {
    Answer expected = ask(ModelSource.path(STORIES));
    Answer found = ask(file(GgufQuantization.F32));
    assertThat(found.text()).isEqualTo(expected.text()).isNotEmpty();
    assertThat(found.passages()).isEqualTo(expected.passages()).isNotEmpty();

    Answer rounded = ask(file(GgufQuantization.Q8_0));
    assertThat(rounded.text()).isNotEmpty();
    assertThat(rounded.passages()).isEqualTo(expected.passages());
  }

  private Answer ask(ModelSource source) throws IOException {
    AnswerOptions answering =
        AnswerOptions.builder()
            .generation(GenerationOptions.greedy().toBuilder().maxNewTokens(16).build())
            .build();
    try (LanguageModel model = LanguageModel.load(source);
        Rag rag =
            Rag.builder()
                .index(folder.resolve("index-" + source.folder().getFileName()))
                .generator(model)
                .answering(answering)
                .build()) {
      rag.add(
          List.of(
              Document.of("leave", "Everybody has 28 days of paid leave a year."),
              Document.of("parking", "Visitors park on the second deck.")));
      return rag.ask("How many days of paid leave does everybody have?");
    }
  }
}
