package io.adapt4j.core.internal.task.embedding;

import static io.adapt4j.core.Floats.direction;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.SmallEncoder;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.encode.SentenceFolder;
import io.adapt4j.core.internal.encode.VectorHead;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.head.Pooling;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import io.adapt4j.core.internal.tensor.tape.Parameter.Trainable;
import io.adapt4j.core.internal.tokenize.Batch;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Multiple negatives ranking against its formula in doubles and against finite differences. */
class RankingLossTest {

  private static final double SCALE = 20;
  private static final int QUERIES = 3;
  private static final int PASSAGES = 5;

  /** Of central differences of fp32 losses. */
  private static final double NOISE = 2e-3;

  private static final double STEP = 4e-3;

  @TempDir private Path folder;
  private long before;
  private Encoder encoder;

  @BeforeEach
  void load() throws IOException {
    before = Tensor.live();
    SmallEncoder.write(folder);
    encoder = Architectures.declareEncoder(ModelConfig.read(folder));
    encoder.allocate(DType.F32);
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      Weights.load(encoder, checkpoint);
    }
  }

  @AfterEach
  void nothingIsLeft() {
    encoder.close();
    assertThat(Tensor.live()).isEqualTo(before);
  }

  @Test
  void theLossIsTheCrossEntropyOfScaledCosinesOverThePassagesOfTheBatch() {
    EmbeddingBatch batch = batch(new boolean[QUERIES * PASSAGES], 1, 2, 0.5f);
    RankingLoss.Scored scored = loss(Pooling.MEAN).evaluate(batch);
    assertThat(scored.sum()).isCloseTo(inDoubles(scored, batch), within(1e-4));
  }

  @Test
  void excludedPassagesAreLeftOutOfTheSoftmax() {
    boolean[] excluded = new boolean[QUERIES * PASSAGES];
    excluded[1] = true;
    excluded[2 * PASSAGES + 4] = true;
    EmbeddingBatch batch = batch(excluded, 1, 1, 1);
    RankingLoss.Scored scored = loss(Pooling.MEAN).evaluate(batch);
    assertThat(scored.sum()).isCloseTo(inDoubles(scored, batch), within(1e-4));
    assertThat(scored.sum())
        .isLessThan(
            loss(Pooling.MEAN).evaluate(batch(new boolean[excluded.length], 1, 1, 1)).sum());
  }

  @Test
  void matryoshkaAddsTheWeightedLossesOfVectorsThatAreCutAndScaledToLengthOne() {
    EmbeddingBatch batch = batch(new boolean[QUERIES * PASSAGES], 1, 2, 0.5f);
    RankingLoss cut = cut(loss(Pooling.MEAN));
    RankingLoss.Scored scored = cut.evaluate(batch);
    double expected = 0;
    for (RankingLoss.Cut part : cut.cuts()) {
      expected += part.weight() * inDoubles(scored, batch, part.dimension());
    }
    assertThat(scored.sum()).isCloseTo(expected, within(3e-4));
    assertThat(inDoubles(scored, batch, 5)).isNotCloseTo(inDoubles(scored, batch), within(0.01));
    RankingLoss whole =
        new RankingLoss(
            cut.encoder(), cut.head(), SCALE, List.of(new RankingLoss.Cut(SmallEncoder.WIDTH, 1)));
    assertThat(whole.evaluate(batch).sum()).isEqualTo(loss(Pooling.MEAN).evaluate(batch).sum());
  }

  private static RankingLoss cut(RankingLoss loss) {
    return new RankingLoss(
        loss.encoder(),
        loss.head(),
        SCALE,
        List.of(
            new RankingLoss.Cut(SmallEncoder.WIDTH, 1),
            new RankingLoss.Cut(12, 0.5),
            new RankingLoss.Cut(5, 0.25)));
  }

  @ParameterizedTest
  @EnumSource(
      value = Pooling.class,
      names = {"MEAN", "MAX"})
  void gradientsOfMatryoshkaAreThoseOfFiniteDifferences(Pooling pooling) {
    boolean[] excluded = new boolean[QUERIES * PASSAGES];
    excluded[PASSAGES + 3] = true;
    requireSlopes(cut(loss(pooling)), batch(excluded, 1, 2, 0.5f));
  }

  @ParameterizedTest
  @EnumSource(
      value = Pooling.class,
      names = {"MEAN", "FIRST", "MAX"})
  void gradientsAreThoseOfFiniteDifferences(Pooling pooling) {
    boolean[] excluded = new boolean[QUERIES * PASSAGES];
    excluded[PASSAGES + 3] = true;
    requireSlopes(loss(pooling), batch(excluded, 1, 2, 0.5f));
  }

  private void requireSlopes(RankingLoss loss, EmbeddingBatch batch) {
    encoder.parameters().forEach(Parameter::train);
    double sum = loss.forwardBackward(batch, 1, false, 1);
    assertThat(sum).isCloseTo(loss.evaluate(batch).sum(), within(1e-4));
    SplittableRandom random = new SplittableRandom(3);
    for (Parameter parameter : encoder.parameters()) {
      for (Trainable trainable : parameter.trained()) {
        double[] direction = direction(trainable.gradient().toFloats(), random);
        double slope = 0;
        float[] gradient = trainable.gradient().toFloats();
        for (int i = 0; i < gradient.length; i++) {
          slope += gradient[i] * direction[i];
        }
        double up = lossAt(loss, batch, parameter, trainable.value(), direction, STEP);
        double down = lossAt(loss, batch, parameter, trainable.value(), direction, -STEP);
        double difference = (up - down) / (2 * STEP);
        assertThat(slope)
            .as(trainable.name())
            .isCloseTo(difference, within(NOISE + 2e-2 * Math.abs(difference)));
      }
    }
  }

  @Test
  void recomputationGivesTheSameGradientsAndTheFactorMultipliesThem() {
    Map<String, float[]> kept = gradients(false, 1);
    Map<String, float[]> recomputed = gradients(true, 1);
    Map<String, float[]> halved = gradients(false, 0.5);
    kept.forEach(
        (name, values) -> {
          assertThat(recomputed.get(name)).isEqualTo(values);
          for (int i = 0; i < values.length; i++) {
            assertThat(halved.get(name)[i]).isCloseTo(values[i] / 2, within(1e-5f));
          }
        });
  }

  private Map<String, float[]> gradients(boolean recompute, double factor) {
    encoder.parameters().forEach(Parameter::train);
    loss(Pooling.MEAN)
        .forwardBackward(batch(new boolean[QUERIES * PASSAGES], 1, 1, 1), factor, recompute, 1);
    Map<String, float[]> gradients = new LinkedHashMap<>();
    encoder.parameters().stream()
        .flatMap(parameter -> parameter.trained().stream())
        .forEach(trainable -> gradients.put(trainable.name(), trainable.gradient().toFloats()));
    encoder.parameters().forEach(Parameter::freeze);
    return gradients;
  }

  private RankingLoss loss(Pooling pooling) {
    SentenceFolder read = SentenceFolder.read(folder);
    VectorHead.Changes changes =
        new VectorHead.Changes(
            Optional.of(pooling), Optional.of(pooling != Pooling.MAX), OptionalInt.empty());
    VectorHead head = VectorHead.declare(encoder.dimensions().hiddenSize(), read, changes);
    return new RankingLoss(encoder, head, SCALE);
  }

  private static double inDoubles(RankingLoss.Scored scored, EmbeddingBatch batch) {
    return inDoubles(scored, batch, scored.queries().length / QUERIES);
  }

  /** The loss of the first entries of the vectors. */
  private static double inDoubles(RankingLoss.Scored scored, EmbeddingBatch batch, int dimension) {
    int width = scored.queries().length / QUERIES;
    double sum = 0;
    for (int i = 0; i < QUERIES; i++) {
      double own = 0;
      double total = 0;
      for (int j = 0; j < PASSAGES; j++) {
        double cosine = 0;
        double ofQuery = 0;
        double ofPassage = 0;
        for (int d = 0; d < dimension; d++) {
          double q = scored.queries()[i * width + d];
          double p = scored.passages()[j * width + d];
          cosine += q * p;
          ofQuery += q * q;
          ofPassage += p * p;
        }
        cosine /= Math.sqrt(ofQuery * ofPassage);
        own = i == j ? cosine : own;
        total += batch.excluded()[i * PASSAGES + j] ? 0 : Math.exp(SCALE * cosine);
      }
      sum += batch.weights()[i] * (Math.log(total) - SCALE * own);
    }
    return sum;
  }

  /** Texts of different lengths, so that padding takes part. */
  private static EmbeddingBatch batch(boolean[] excluded, float... weights) {
    return new EmbeddingBatch(texts(QUERIES, 5, 1), texts(PASSAGES, 9, 4), excluded, weights);
  }

  private static Batch texts(int rows, int length, int seed) {
    long[] ids = new long[rows * length];
    long[] mask = new long[ids.length];
    for (int row = 0; row < rows; row++) {
      int tokens = length - row % 3;
      for (int i = 0; i < tokens; i++) {
        ids[row * length + i] = i == 0 ? 2 : i == tokens - 1 ? 3 : 5 + (row * 7 + i * seed) % 15;
        mask[row * length + i] = 1;
      }
    }
    return new Batch(ids, mask, new long[ids.length], new long[0], rows, length);
  }

  private static double lossAt(
      RankingLoss loss,
      EmbeddingBatch batch,
      Parameter parameter,
      Tensor value,
      double[] direction,
      double step) {
    float[] start = value.toFloats();
    float[] moved = start.clone();
    for (int i = 0; i < moved.length; i++) {
      moved[i] += (float) (step * direction[i]);
    }
    set(value, moved, parameter);
    double sum = loss.evaluate(batch).sum();
    set(value, start, parameter);
    return sum;
  }

  private static void set(Tensor value, float[] numbers, Parameter parameter) {
    value.data().asFloatBuffer().put(numbers);
    parameter.refresh();
  }
}
