package io.adapt4j.core.internal.nn.head;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.SafetensorsFile;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** The token that a decoder with a class head scores is Transformers', where pad is eos too. */
class PooledTokenTest {

  private static final double TOLERANCE = 1e-4;

  private SafetensorsFile expected;
  private Encoder network;

  @BeforeEach
  void load() throws URISyntaxException {
    Path folder =
        Path.of(
            Objects.requireNonNull(
                    PooledTokenTest.class.getResource("/golden/interop/reward_pad_is_eos"))
                .toURI());
    expected = SafetensorsFile.open(folder.resolve("expected.safetensors"));
    network = Architectures.declareEncoder(ModelConfig.read(folder));
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      Weights.check(network, checkpoint);
      network.allocate(DType.F32);
      Weights.load(network, checkpoint);
    }
  }

  @AfterEach
  void close() {
    network.close();
    expected.close();
  }

  @Test
  void aBatchPaddedOnEitherSideScoresAsInTransformers() {
    for (String side : new String[] {"", "_left"}) {
      float[] found = scores(longs("input_ids" + side), longs("attention_mask" + side), 6);
      assertClose("scores" + side, found);
    }
  }

  @Test
  void aTextAloneScoresAsInTransformers() {
    long[] ids = longs("input_ids");
    long[] mask = longs("attention_mask");
    int width = ids.length / 6;
    float[] found = new float[6];
    for (int row = 0; row < 6; row++) {
      int from = row * width;
      int tokens = (int) Arrays.stream(mask, from, from + width).sum();
      long[] alone = Arrays.copyOfRange(ids, from, from + tokens);
      long[] all = new long[tokens];
      Arrays.fill(all, 1);
      found[row] = scores(alone, all, 1)[0];
    }
    assertClose("scores_alone", found);
  }

  @Test
  void aTextOfPaddingTokensOnlyKeepsItsFirst() {
    long[] ends = {2, 2, 2};
    long[] all = {1, 1, 1};
    assertThat(scores(ends, all, 1)[0])
        .isCloseTo(scores(new long[] {2}, new long[] {1}, 1)[0], within(1e-5f));
  }

  private float[] scores(long[] ids, long[] mask, int rows) {
    int length = ids.length / rows;
    try (Scope scope = Scope.open();
        Positions positions = network.positions(ids, mask, rows, length)) {
      Ops ops = Ops.inference();
      Tensor tokens = Tensor.of(ids, rows, length);
      Tensor types = Tensor.of(new long[ids.length], rows, length);
      Tensor hidden = network.hidden(ops, tokens, types, positions, false);
      return network.classLogits(ops, hidden, ids, mask).toFloats();
    }
  }

  private void assertClose(String tensor, float[] found) {
    float[] wanted = new float[found.length];
    expected.bytes(tensor).asFloatBuffer().get(wanted);
    for (int i = 0; i < found.length; i++) {
      assertThat((double) Math.abs(found[i] - wanted[i]))
          .as("%s of row %d: %s, expected %s", tensor, i, found[i], wanted[i])
          .isLessThan(TOLERANCE);
    }
  }

  private long[] longs(String tensor) {
    long[] values = new long[Math.toIntExact(expected.entry(tensor).elements())];
    expected.bytes(tensor).asLongBuffer().get(values);
    return values;
  }
}
