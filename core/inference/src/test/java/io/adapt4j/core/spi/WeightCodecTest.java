package io.adapt4j.core.spi;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.SmallModel;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.nn.linear.Linear;
import io.adapt4j.core.internal.nn.linear.QuantizedSize;
import io.adapt4j.core.internal.nn.weights.WeightMechanics;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.method.WeightFormat;
import io.adapt4j.core.model.ModelSource;
import io.adapt4j.core.model.Precision;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Models whose frozen weights a codec from outside holds. */
class WeightCodecTest {

  private static final String GPT2 =
      """
      {"model_type": "gpt2", "architectures": ["GPT2LMHeadModel"], "vocab_size": 512,
       "n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 64,
       "bos_token_id": 1, "eos_token_id": 2}
      """;

  @TempDir private Path folder;
  private final long before = Tensor.live();

  @AfterEach
  void nothingStaysOpen() {
    assertThat(Tensor.live()).isEqualTo(before);
  }

  /** Weights as they are, in the byte order of the buffers. */
  private static class Floats implements WeightCodec {

    @Override
    public String name() {
      return "floats";
    }

    @Override
    public int rowBytes(int columns) {
      return columns * Float.BYTES;
    }

    @Override
    public void encode(FloatBuffer row, ByteBuffer bytes) {
      while (row.hasRemaining()) {
        bytes.putFloat(row.get());
      }
    }

    @Override
    public void decode(ByteBuffer bytes, FloatBuffer row) {
      while (row.hasRemaining()) {
        row.put(bytes.getFloat());
      }
    }
  }

  private static List<Double> scores(Path model, WeightFormat format, Precision precision) {
    try (LanguageModel loaded = LanguageModel.load(ModelSource.path(model), format, precision)) {
      return loaded.score("Once upon a time", " Lily saw a big red ball").logProbabilities();
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"llama", "gpt2"})
  void weightsThatLoseNothingGiveTheSameScoresToTheBit(String family) throws IOException {
    Path model = family.equals("gpt2") ? SmallModel.write(folder, GPT2) : SmallModel.write(folder);
    for (Precision precision : List.of(Precision.FP32, Precision.BF16)) {
      assertThat(scores(model, WeightFormat.custom(new Floats()), precision))
          .isEqualTo(scores(model, WeightFormat.asStored(), precision));
    }
  }

  @Test
  void eachRowIsDecodedByItself() throws IOException {
    Path model = SmallModel.write(folder);
    WeightCodec rounded =
        new Floats() {
          @Override
          public void decode(ByteBuffer bytes, FloatBuffer row) {
            while (row.hasRemaining()) {
              row.put(Math.round(bytes.getFloat() * 1024) / 1024f);
            }
          }
        };
    List<Double> exact = scores(model, WeightFormat.asStored(), Precision.FP32);
    List<Double> found = scores(model, WeightFormat.custom(rounded), Precision.FP32);
    assertThat(found).isNotEqualTo(exact);
    for (int i = 0; i < exact.size(); i++) {
      assertThat(found.get(i)).isCloseTo(exact.get(i), within(0.02));
    }
  }

  @Test
  void whatIsDecodedHasToBeFinite() throws IOException {
    Path model = SmallModel.write(folder);
    WeightCodec broken =
        new Floats() {
          @Override
          public void decode(ByteBuffer bytes, FloatBuffer row) {
            super.decode(bytes, row.duplicate());
            row.put(3, Float.POSITIVE_INFINITY);
          }
        };
    assertThatThrownBy(() -> scores(model, WeightFormat.custom(broken), Precision.FP32))
        .isInstanceOf(CheckpointException.class)
        .hasMessageMatching(
            "tensor 'model.layers.0.self_attn.q_proj.weight': codec floats: expected decoded"
                + " weights to be finite, found Infinity at \\[\\d+, 3]");
  }

  @Test
  void aRowTakesAtLeastAByte() throws IOException {
    Path model = SmallModel.write(folder);
    WeightCodec nothing =
        new Floats() {
          @Override
          public int rowBytes(int columns) {
            return 0;
          }
        };
    assertThatIllegalArgumentException()
        .isThrownBy(() -> scores(model, WeightFormat.custom(nothing), Precision.FP32))
        .withMessage("codec floats: expected rowBytes of at least 1, found 0");
  }

  @Test
  void thePlannerCountsTheBytesOfTheRows() {
    assertThat(
            WeightMechanics.of(WeightFormat.custom(new Floats()))
                .packing()
                .of(new Linear.Part("layer.up_proj", 0, 7), 5))
        .contains(new QuantizedSize(7 * 5 * 4, 0, 0));
  }
}
