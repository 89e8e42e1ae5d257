package io.adapt4j.verification;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.TextEmbedder;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.finetune.FineTuneReport;
import io.adapt4j.core.finetune.FineTuner;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.task.Task;
import io.adapt4j.core.train.Interval;
import io.adapt4j.lora.Lora;
import io.adapt4j.lora.LoraAdapter;
import io.adapt4j.rag.embed.MiniLm;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The real MiniLM learns a firm's own words with LoRA. */
class LoraEmbeddingTest {

  /** Names that say nothing about what they stand for. */
  private static final List<Example> PAIRS =
      List.of(
          new Example.QueryPassage("zefyr-9", "How to return a pair of shoes."),
          new Example.QueryPassage("quorble", "The cafeteria is open from noon."),
          new Example.QueryPassage("mintax", "Ask for a new password here."),
          new Example.QueryPassage("oolith-b", "Trains to the coast leave hourly."));

  @TempDir private Path folder;

  @Test
  void anAdapterTeachesWhatNamesStandForAndMergesIntoAnEmbeddingModel() throws IOException {
    ModelSource base = ModelSource.path(MiniLm.folder());
    Dataset all = Datasets.of(PAIRS);
    long before = Tensor.live();
    FineTuneReport report =
        FineTuner.builder()
            .model(base)
            .task(Task.embeddings())
            .dataset(new Split(all, all, all.take(0)))
            .method(Lora.rank(8).alpha(16))
            .precision(Precision.FP32)
            .epochs(25)
            .batchSize(4)
            .learningRate(3e-3)
            .keepBest()
            .metricForBestModel("mrr")
            .evaluateEvery(Interval.steps(25))
            .output(folder.resolve("run"))
            .build()
            .run();
    assertThat(Tensor.live()).isEqualTo(before);
    assertThat(report.bestMetrics().get("accuracy")).isEqualTo(1);
    assertThat(report.best().resolve("adapter_config.json")).exists();
    assertThat(report.best().resolve("modules.json")).doesNotExist();

    LoraAdapter adapter = LoraAdapter.at(report.best());
    Path merged = folder.resolve("merged");
    adapter.writeMerged(MiniLm.folder(), merged);
    assertThat(merged.resolve("modules.json"))
        .hasSameTextualContentAs(MiniLm.folder().resolve("modules.json"));
    try (TextEmbedder plain = TextEmbedder.load(base, Precision.FP32);
        TextEmbedder adapted = TextEmbedder.load(base, Precision.FP32, adapter);
        TextEmbedder whole = TextEmbedder.load(ModelSource.path(merged), Precision.FP32)) {
      assertThat(right(plain)).isLessThan(PAIRS.size());
      assertThat(right(adapted)).isEqualTo(PAIRS.size());
      assertThat(whole.maxTokens()).isEqualTo(plain.maxTokens());
      assertThat(whole.embed("quorble")).containsExactly(adapted.embed("quorble"), within(1e-4f));
    }
  }

  private static int right(TextEmbedder embedder) {
    List<float[]> passages =
        embedder.embedAll(
            PAIRS.stream().map(example -> ((Example.QueryPassage) example).passage()).toList());
    int right = 0;
    for (int i = 0; i < PAIRS.size(); i++) {
      float[] query = embedder.embed(((Example.QueryPassage) PAIRS.get(i)).query());
      int best = 0;
      for (int j = 1; j < passages.size(); j++) {
        best = product(query, passages.get(j)) > product(query, passages.get(best)) ? j : best;
      }
      right += best == i ? 1 : 0;
    }
    return right;
  }

  private static double product(float[] left, float[] right) {
    double sum = 0;
    for (int i = 0; i < left.length; i++) {
      sum += (double) left[i] * right[i];
    }
    return sum;
  }
}
