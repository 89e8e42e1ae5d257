package io.adapt4j.core.internal.encode;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.Golden;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.head.Pooling;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Batches of an encoder, pooled, against the hidden states that Transformers computed. */
class GoldenPoolingTest {

  private static final int ROWS = 2;
  private static final int LENGTH = 24;
  private static final int HIDDEN = 48;

  @ParameterizedTest
  @EnumSource(
      value = Pooling.class,
      names = {"MEAN", "FIRST", "LAST"})
  void pooledBatchesAreThePooledHiddenStatesOfTheReference(Pooling pooling) {
    Path golden = Golden.folder("models/bert");
    try (Encoder encoder = Architectures.declareEncoder(ModelConfig.read(golden));
        Checkpoint weights = Checkpoint.open(golden);
        Checkpoint expected = Checkpoint.openFile(golden.resolve("expected.safetensors"))) {
      encoder.allocate(DType.F32);
      Weights.load(encoder, weights);
      float[][] found = new float[ROWS][];
      new EncoderRunner(encoder, 0)
          .run(
              sequences(expected),
              (ops, batch, hidden) -> {
                float[] values =
                    TextPooling.of(pooling)
                        .pool(ops, hidden, batch.inputs().attentionMask())
                        .toFloats();
                for (int i = 0; i < batch.rows().size(); i++) {
                  found[batch.rows().get(i).index()] =
                      Arrays.copyOfRange(values, i * HIDDEN, (i + 1) * HIDDEN);
                }
              });
      for (int row = 0; row < ROWS; row++) {
        assertThat(found[row]).containsExactly(pooled(expected, row, pooling), within(1e-4f));
      }
    }
  }

  /** The rows of the reference without their padding. */
  private static List<TokenSequence> sequences(Checkpoint expected) {
    List<TokenSequence> sequences = new ArrayList<>();
    for (int row = 0; row < ROWS; row++) {
      int[] tokens = tokens(expected, row);
      sequences.add(
          new TokenSequence(
              row, pick(expected, "input_ids", tokens), pick(expected, "token_type_ids", tokens)));
    }
    return sequences;
  }

  private static int[] tokens(Checkpoint expected, int row) {
    ByteBuffer mask = bytes(expected, "attention_mask");
    return IntStream.range(row * LENGTH, (row + 1) * LENGTH)
        .filter(i -> mask.getLong(i * Long.BYTES) != 0)
        .toArray();
  }

  private static int[] pick(Checkpoint expected, String name, int[] positions) {
    ByteBuffer values = bytes(expected, name);
    return Arrays.stream(positions).map(i -> (int) values.getLong(i * Long.BYTES)).toArray();
  }

  private static float[] pooled(Checkpoint expected, int row, Pooling pooling) {
    ByteBuffer hidden = bytes(expected, "hidden.2");
    int[] tokens = tokens(expected, row);
    int last = tokens.length - 1;
    int[] counted =
        switch (pooling) {
          case FIRST -> new int[] {tokens[0]};
          case LAST -> new int[] {tokens[last]};
          default -> tokens;
        };
    float[] mean = new float[HIDDEN];
    for (int i : counted) {
      for (int d = 0; d < HIDDEN; d++) {
        mean[d] += hidden.getFloat((i * HIDDEN + d) * Float.BYTES) / counted.length;
      }
    }
    return mean;
  }

  private static ByteBuffer bytes(Checkpoint expected, String name) {
    return expected.bytes(name).order(ByteOrder.LITTLE_ENDIAN);
  }
}
