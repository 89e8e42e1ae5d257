package io.adapt4j.core.finetune;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.HybridEmbedder;
import io.adapt4j.core.HybridEmbedding;
import io.adapt4j.core.SmallEncoder;
import io.adapt4j.core.data.Dataset;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.data.Example;
import io.adapt4j.core.data.Split;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import io.adapt4j.core.task.Task;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Vectors, weights of tokens and vectors of tokens trained at once, as those of bge-m3. */
class HybridTuningTest {

  private static final double SCALE = 20;

  private static final List<Example> ROWS =
      List.of(
          new Example.QueryPassage("the red cat", "a red cat sat on the mat"),
          new Example.QueryPassage("blue dog fast", "the dog ran fast"),
          new Example.QueryPassage("slow cat", "the cat sat", List.of("the dog sat")));

  @TempDir private Path folder;

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void theLossIsThatOfTheScoresWhichTheSavedModelGives(boolean distills) throws IOException {
    Path base = SmallEncoder.write(folder.resolve("base"));
    long before = Tensor.live();
    Dataset rows = Datasets.of(ROWS);
    FineTuneReport report =
        FineTuner.builder()
            .model(ModelSource.path(base))
            .task(Task.embeddings().hybrid(distills))
            .dataset(new Split(rows, rows, rows.take(0)))
            .method(FullFineTuning.create())
            .precision(Precision.FP32)
            .epochs(8)
            .learningRate(3e-3)
            .batchSize(3)
            .output(folder.resolve("run"))
            .build()
            .run();
    assertThat(Tensor.live()).isEqualTo(before);
    assertThat(report.lastValidationLoss().orElseThrow())
        .isLessThan(0.7 * report.initialValidationLoss().orElseThrow())
        .isCloseTo(lossByScores(report.last(), distills), within(1e-3));
  }

  /** The loss in doubles, from what the library gives for each pair of texts. */
  private static double lossByScores(Path model, boolean distills) {
    List<String> passages =
        List.of("a red cat sat on the mat", "the dog ran fast", "the cat sat", "the dog sat");
    double sum = 0;
    try (HybridEmbedder embedder = HybridEmbedder.load(ModelSource.path(model), Precision.FP32)) {
      for (int i = 0; i < ROWS.size(); i++) {
        HybridEmbedding query = embedder.embed(((Example.QueryPassage) ROWS.get(i)).query());
        double[] dense = new double[passages.size()];
        double[] lexical = new double[passages.size()];
        double[] tokens = new double[passages.size()];
        double[] all = new double[passages.size()];
        for (int j = 0; j < passages.size(); j++) {
          HybridEmbedding passage = embedder.embed(passages.get(j));
          dense[j] = SCALE * query.denseScore(passage);
          lexical[j] = SCALE * query.lexicalScore(passage);
          tokens[j] = SCALE * query.maxSim(passage);
          all[j] = dense[j] + 0.3 * lexical[j] + tokens[j];
        }
        double[] own = new double[passages.size()];
        own[i] = 1;
        double loss =
            (crossEntropy(own, dense)
                    + crossEntropy(own, all)
                    + 0.1 * crossEntropy(own, lexical)
                    + crossEntropy(own, tokens))
                / 4;
        double[] taught = softmax(all);
        double byTeacher =
            (crossEntropy(taught, dense)
                    + 0.1 * crossEntropy(taught, lexical)
                    + crossEntropy(taught, tokens))
                / 3;
        sum += distills ? (loss + byTeacher) / 2 : loss;
      }
    }
    return sum / ROWS.size();
  }

  private static double[] softmax(double[] scores) {
    double[] shares = new double[scores.length];
    double all = 0;
    for (double score : scores) {
      all += Math.exp(score);
    }
    for (int i = 0; i < scores.length; i++) {
      shares[i] = Math.exp(scores[i]) / all;
    }
    return shares;
  }

  private static double crossEntropy(double[] wanted, double[] scores) {
    double[] shares = softmax(scores);
    double sum = 0;
    for (int i = 0; i < scores.length; i++) {
      sum -= wanted[i] == 0 ? 0 : wanted[i] * Math.log(shares[i]);
    }
    return sum;
  }

  @Test
  void itIsRefusedWithMatryoshka() {
    assertThatThrownBy(() -> Task.embeddings().matryoshka(8).hybrid(false))
        .hasMessageContaining("hybrid: expected without matryoshka");
  }
}
