package io.adapt4j.core.inspect;

import static io.adapt4j.core.inspect.Headers.tensor;
import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.SafetensorsWriter;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import java.nio.file.Path;
import java.util.List;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The layer counted is always 64 to 32 features: 2048 weights and, where it has one, 32 biases. */
class ParameterCountTest {

  @TempDir Path folder;

  @Test
  void buffersThatAreNotLearnedDoNotCount() {
    assertThat(
            count(
                OptionalInt.empty(),
                tensor("h.0.attn.c_attn.weight", StoredType.F32, 64L, 32L),
                tensor("h.0.attn.c_attn.bias", StoredType.F32, 32L),
                tensor("h.0.attn.bias", StoredType.F32, 1L, 1L, 16L, 16L),
                tensor("h.0.attn.masked_bias", StoredType.F32),
                tensor("l.rotary_emb.inv_freq", StoredType.F32, 8L),
                tensor("embeddings.position_ids", StoredType.I64, 1L, 16L)))
        .isEqualTo(2048 + 32);
  }

  @Test
  void eightBitWeightsOfBitsandbytesCountWithoutTheirScales() {
    assertThat(
            count(
                OptionalInt.of(8),
                tensor("l.weight", StoredType.I8, 32L, 64L),
                tensor("l.SCB", StoredType.F32, 32L),
                tensor("l.weight_format", StoredType.U8),
                tensor("l.bias", StoredType.F16, 32L)))
        .isEqualTo(2048 + 32);
  }

  @Test
  void fourBitWeightsOfBitsandbytesCountTwoToAByteInWhateverTypeTheyAreStored() {
    assertThat(
            count(
                OptionalInt.of(4),
                tensor("l.weight", StoredType.BF16, 512L, 1L),
                tensor("l.weight.absmax", StoredType.F32, 32L),
                tensor("l.weight.quant_map", StoredType.F32, 16L),
                tensor("l.weight.quant_state.bitsandbytes__nf4", StoredType.U8, 80L),
                tensor("l.bias", StoredType.BF16, 32L)))
        .isEqualTo(2048 + 32);
  }

  @Test
  void gptqAndAwqCountByTheirBits() {
    assertThat(
            count(
                OptionalInt.of(4),
                tensor("l.qweight", StoredType.I32, 8L, 32L),
                tensor("l.qzeros", StoredType.I32, 1L, 4L),
                tensor("l.scales", StoredType.F16, 1L, 32L),
                tensor("l.g_idx", StoredType.I32, 64L),
                tensor("l.bias", StoredType.F16, 32L)))
        .isEqualTo(2048 + 32);
    assertThat(count(OptionalInt.of(8), tensor("l.qweight", StoredType.I32, 16L, 32L)))
        .isEqualTo(2048);
  }

  @Test
  void compressedTensorsAndScaledFloatsCountWithoutTheirScales() {
    assertThat(
            count(
                OptionalInt.of(4),
                tensor("l.weight_packed", StoredType.I32, 32L, 8L),
                tensor("l.weight_scale", StoredType.BF16, 32L, 1L),
                tensor("l.weight_shape", StoredType.I64, 2L)))
        .isEqualTo(2048);
    assertThat(
            count(
                OptionalInt.empty(),
                tensor("l.weight", StoredType.F8_E4M3, 32L, 64L),
                tensor("l.weight_scale_inv", StoredType.F32, 1L, 1L)))
        .isEqualTo(2048);
  }

  @Test
  void blocksOfMxfp4CountTwoToAByte() {
    assertThat(
            count(
                OptionalInt.empty(),
                tensor("experts.down_proj_blocks", StoredType.U8, 1L, 32L, 2L, 16L),
                tensor("experts.down_proj_scales", StoredType.U8, 1L, 32L, 2L)))
        .isEqualTo(2048);
  }

  @Test
  void scalesThatBelongToNothingAreParameters() {
    assertThat(count(OptionalInt.empty(), tensor("l.scales", StoredType.F32, 32L))).isEqualTo(32);
  }

  private long count(OptionalInt bits, TensorData... tensors) {
    SafetensorsWriter.create().writeModel(folder, List.of(tensors));
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      return ParameterCount.of(checkpoint, bits);
    }
  }
}
