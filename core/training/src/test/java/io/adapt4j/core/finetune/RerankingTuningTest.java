package io.adapt4j.core.finetune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.SmallModel;
import io.adapt4j.core.SmallReranker;
import io.adapt4j.core.TextReranker;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.plan.RunPlan;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.train.RunRecorder;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rerankers trained from the builder to the folder: yes or no, and classes of pairs. */
class RerankingTuningTest {

  private static final List<String> ANIMALS = List.of("cat", "dog");

  @TempDir private Path folder;

  private final RunRecorder events = new RunRecorder();

  private FineTuner.Builder tuner(Path base, Task task, Dataset train) {
    return FineTuner.builder()
        .model(ModelSource.path(base))
        .task(task)
        .dataset(new Split(train, train.take(8), train.take(0)))
        .method(FullFineTuning.create())
        .precision(Precision.FP32)
        .epochs(16)
        .learningRate(3e-2)
        .batchSize(8)
        .listener(events)
        .output(folder.resolve("run"));
  }

  /** Cats are what is asked for. */
  private static Dataset labeled(String yes, String no) {
    List<Example> rows = new ArrayList<>();
    for (int i = 0; i < 16; i++) {
      String query = "the " + ANIMALS.get(i % 2);
      String document = ANIMALS.get(i / 2 % 2) + (i % 3 == 0 ? " sat" : " ran on the mat");
      boolean relevant = i / 2 % 2 == 0;
      List<String> labels = relevant ? List.of(yes) : no.isEmpty() ? List.of() : List.of(no);
      rows.add(new Example.Classified(query, Optional.of(document), labels));
    }
    return Datasets.of(rows);
  }

  @Test
  void aLanguageModelLearnsToSayYesAndIsSavedAsOne() throws IOException {
    Path base = SmallReranker.write(folder);
    long before = Tensor.live();
    double untrained = lossByScores(base);
    FineTuneReport report =
        tuner(base, Task.reranking(), labeled("yes", "no")).keepBest().build().run();
    assertThat(Tensor.live()).isEqualTo(before);
    assertThat(report.initialValidationLoss().orElseThrow()).isCloseTo(untrained, within(1e-4));
    assertThat(report.bestMetrics().keySet()).containsExactly("accuracy", "mrr");
    assertThat(report.bestMetrics().get("mrr")).isEqualTo(1);
    assertThat(report.bestValidationLoss().orElseThrow()).isLessThan(0.5 * untrained);
    assertThat(ModelConfig.read(report.best()).architectures()).containsExactly("Qwen3ForCausalLM");
    assertThat(report.bestValidationLoss().orElseThrow())
        .isCloseTo(lossByScores(report.best()), within(1e-4));
  }

  /** Cross-entropy of yes against no, by what the reranker gives. */
  private static double lossByScores(Path model) {
    Dataset rows = labeled("yes", "no").take(8);
    double sum = 0;
    try (TextReranker reranker = TextReranker.load(ModelSource.path(model), Precision.FP32)) {
      for (int i = 0; i < rows.size(); i++) {
        Example.Classified row = (Example.Classified) rows.get(i);
        double yes = reranker.scores(row.text(), List.of(row.pair().orElseThrow()))[0];
        sum -= Math.log(row.labels().contains("yes") ? yes : 1 - yes);
      }
    }
    return sum / rows.size();
  }

  @Test
  void queriesWithPassagesAndNegativesAreAPairEach() throws IOException {
    Path base = SmallReranker.write(folder);
    Dataset rows =
        Datasets.of(
            List.of(
                new Example.QueryPassage("the cat", "cat sat", List.of("dog sat", "dog ran")),
                new Example.QueryPassage("the dog", "dog sat", List.of("cat sat", "cat ran"))));
    FineTuner tuner = tuner(base, Task.reranking().instruction("red"), rows).epochs(2).build();
    assertThat(tuner.plan().steps()).isEqualTo(2);
    assertThat(((RunPlan) tuner.plan()).forecast().orElseThrow().rows()).isEqualTo(6);
    FineTuneReport report = tuner.run();
    assertThat(report.lastValidationLoss()).isPresent();
  }

  @Test
  void aNumberSaysHowRelevantADocumentIs() throws IOException {
    Path base = SmallReranker.write(folder);
    FineTuneReport report =
        tuner(base, Task.reranking(), labeled("0.75", "0.25")).epochs(24).build().run();
    // The entropy of the labels is what is left.
    double entropy = -0.75 * Math.log(0.75) - 0.25 * Math.log(0.25);
    assertThat(report.lastValidationLoss().orElseThrow()).isBetween(entropy - 1e-6, entropy + 0.1);
  }

  @Test
  void whatIsNoPairWithALabelIsRefused() throws IOException {
    Path base = SmallReranker.write(folder);
    assertThatThrownBy(() -> tuner(base, Task.reranking(), labeled("perhaps", "no")).build().run())
        .hasMessageContaining("row 0: expected the label yes or no, or a number from 0 to 1");
    Dataset texts = Datasets.of(List.of(new Example.Text("the cat")));
    assertThatThrownBy(() -> tuner(base, Task.reranking(), texts).build().run())
        .hasMessageContaining("row 0: expected a query and a document with a label");
    Path other = SmallModel.write(folder.resolve("other"));
    assertThatThrownBy(() -> tuner(other, Task.reranking(), labeled("yes", "no")).build())
        .hasMessageContaining("expected a tokenizer with the token");
  }

  @Test
  void aDecoderLearnsToScorePairsAsACrossEncoder() throws IOException {
    Path base = SmallReranker.write(folder);
    FineTuneReport report =
        tuner(base, Task.multiLabel().labels("relevant"), labeled("relevant", "")).build().run();
    assertThat(ModelConfig.read(report.last()).architectures())
        .containsExactly("Qwen3ForSequenceClassification");
    try (TextReranker reranker =
        TextReranker.load(ModelSource.path(report.last()), Precision.FP32)) {
      double[] scores = reranker.scores("the cat", List.of("cat sat", "dog sat"));
      assertThat(scores[0]).isGreaterThan(0.8);
      assertThat(scores[1]).isLessThan(0.2);
    }
  }
}
