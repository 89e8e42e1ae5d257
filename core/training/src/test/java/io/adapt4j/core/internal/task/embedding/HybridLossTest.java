package io.adapt4j.core.internal.task.embedding;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.SmallEncoder;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.encode.SentenceFolder;
import io.adapt4j.core.internal.encode.TokenLinear;
import io.adapt4j.core.internal.encode.VectorHead;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import io.adapt4j.core.internal.tokenize.Batch;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Gradients of the three kinds of scores at once against finite differences. */
class HybridLossTest {

  private static final double STEP = 1e-3;

  @TempDir private Path folder;

  @Test
  void gradientsAreThoseOfFiniteDifferences() throws IOException {
    long before = Tensor.live();
    SmallEncoder.write(folder);
    try (Encoder encoder = Architectures.declareEncoder(ModelConfig.read(folder));
        VectorHead head =
            VectorHead.declare(
                SmallEncoder.WIDTH, SentenceFolder.read(folder), VectorHead.Changes.NONE)) {
      encoder.allocate(DType.F32);
      try (Checkpoint checkpoint = Checkpoint.open(folder)) {
        Weights.load(encoder, checkpoint);
      }
      try (TokenLinear lexical = layer(TokenLinear.SPARSE, 1);
          TokenLinear vectors = layer(TokenLinear.COLBERT, 16)) {
        HybridLoss loss =
            new HybridLoss(
                new RankingLoss(encoder, head, 5), lexical, vectors, id -> id > 4, false);
        encoder.parameters().forEach(Parameter::train);
        EmbeddingBatch batch = batch();
        double sum = loss.forwardBackward(batch, 1, /* recompute= */ false, 1);
        assertThat(sum).isCloseTo(loss.evaluate(batch).sum(), within(1e-4));
        List<Trainable> all =
            Stream.of(
                    encoder.parameters().stream().flatMap(own -> own.trained().stream()),
                    lexical.trained(),
                    vectors.trained())
                .flatMap(own -> own)
                .toList();
        Runnable refresh =
            () -> {
              encoder.parameters().forEach(Parameter::refresh);
              lexical.refresh();
              vectors.refresh();
            };
        all.forEach(trainable -> requireSlope(loss, batch, trainable, refresh));
      }
    }
    assertThat(Tensor.live()).isEqualTo(before);
  }

  /** The teacher is not differentiated: differences are taken with the one of the first scores. */
  @Test
  void selfDistillationAddsTheGradientsByAFixedTeacher() {
    EmbeddingBatch batch = batch();
    SplittableRandom random = new SplittableRandom(5);
    double[][] scores = new double[3][6];
    for (double[] kind : scores) {
      Arrays.setAll(kind, i -> random.nextDouble(-2, 2));
    }
    HybridScores plain = HybridScores.of(scores, batch, false);
    HybridScores taught = HybridScores.of(scores, batch, true);
    double[][] ofPlain = {plain.dense(), plain.lexical(), plain.tokens()};
    double[][] ofTaught = {taught.dense(), taught.lexical(), taught.tokens()};
    double atFirst = byTeacher(scores, scores, batch);
    assertThat(taught.sum()).isCloseTo((plain.sum() + atFirst) / 2, within(1e-9));
    for (int kind = 0; kind < 3; kind++) {
      for (int i = 0; i < 6; i++) {
        double[][] moved = {scores[0].clone(), scores[1].clone(), scores[2].clone()};
        moved[kind][i] += 1e-6;
        double slope = (byTeacher(moved, scores, batch) - atFirst) / 1e-6;
        assertThat(ofTaught[kind][i]).isCloseTo((ofPlain[kind][i] + slope) / 2, within(1e-6));
      }
    }
  }

  private static double byTeacher(double[][] scores, double[][] teacher, EmbeddingBatch batch) {
    double[] weights = {1, 0.1, 1};
    double sum = 0;
    for (int query = 0; query < 2; query++) {
      for (int kind = 0; kind < 3; kind++) {
        double own = 0;
        double all = 0;
        double crossed = 0;
        for (int i = query * 3; i < query * 3 + 3; i++) {
          if (!batch.excluded()[i]) {
            double share = Math.exp(teacher[0][i] + 0.3 * teacher[1][i] + teacher[2][i]);
            all += share;
            own += Math.exp(scores[kind][i]);
            crossed += share * scores[kind][i];
          }
        }
        sum += batch.weights()[query] * weights[kind] / 3 * (Math.log(own) - crossed / all);
      }
    }
    return sum;
  }

  private static TokenLinear layer(String name, int width) {
    TokenLinear layer = TokenLinear.create(name, width, SmallEncoder.WIDTH, DType.F32, width);
    layer.train();
    return layer;
  }

  private static void requireSlope(
      HybridLoss loss, EmbeddingBatch batch, Trainable trainable, Runnable refresh) {
    float[] gradient = trainable.gradient().toFloats();
    float[] start = trainable.value().toFloats();
    double[] direction = new double[gradient.length];
    SplittableRandom random = new SplittableRandom(3);
    double squares = 0;
    for (int i = 0; i < direction.length; i++) {
      direction[i] = (0.1 + random.nextDouble()) * (gradient[i] < 0 ? -1 : 1);
      squares += direction[i] * direction[i];
    }
    double slope = 0;
    float[] up = start.clone();
    float[] down = start.clone();
    for (int i = 0; i < direction.length; i++) {
      double move = direction[i] / Math.sqrt(squares);
      slope += gradient[i] * move;
      up[i] += (float) (STEP * move);
      down[i] -= (float) (STEP * move);
    }
    double difference =
        (lossAt(loss, batch, trainable, up, refresh)
                - lossAt(loss, batch, trainable, down, refresh))
            / (2 * STEP);
    lossAt(loss, batch, trainable, start, refresh);
    assertThat(slope)
        .as(trainable.name())
        .isCloseTo(difference, within(4e-3 + 3e-2 * Math.abs(difference)));
  }

  private static double lossAt(
      HybridLoss loss,
      EmbeddingBatch batch,
      Trainable trainable,
      float[] values,
      Runnable refresh) {
    trainable.value().data().asFloatBuffer().put(values);
    refresh.run();
    return loss.evaluate(batch).sum();
  }

  /** Texts of different lengths, with tokens in common, of which one is excluded. */
  private static EmbeddingBatch batch() {
    boolean[] excluded = new boolean[2 * 3];
    excluded[2] = true;
    return new EmbeddingBatch(texts(2, 5), texts(3, 7), excluded, new float[] {1, 0.5f});
  }

  private static Batch texts(int rows, int length) {
    long[] ids = new long[rows * length];
    long[] mask = new long[ids.length];
    for (int row = 0; row < rows; row++) {
      int tokens = length - row;
      for (int i = 0; i < tokens; i++) {
        ids[row * length + i] = i == 0 ? 2 : i == tokens - 1 ? 3 : 5 + (row * 3 + i * 2) % 9;
        mask[row * length + i] = 1;
      }
    }
    return new Batch(ids, mask, new long[ids.length], new long[0], rows, length);
  }
}
