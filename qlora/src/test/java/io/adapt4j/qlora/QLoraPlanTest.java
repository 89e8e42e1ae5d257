package io.adapt4j.qlora;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.adapt4j.core.finetune.FullFineTuning;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.memory.MemoryNames;
import io.adapt4j.core.internal.memory.Planner;
import io.adapt4j.core.internal.memory.StepShape;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.linear.Linear;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.linear.QuantizedSize;
import io.adapt4j.core.internal.plan.Forecast;
import io.adapt4j.core.internal.plan.FullComparison;
import io.adapt4j.core.internal.plan.MemoryEstimate;
import io.adapt4j.core.internal.plan.MemoryItem;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.method.FineTuningMethod;
import io.adapt4j.core.optim.Optimizer;
import io.adapt4j.core.plan.Device;
import io.adapt4j.kernels.internal.FourBitFormat;
import io.adapt4j.kernels.internal.JavaKernels;
import io.adapt4j.kernels.internal.QuantizedTensor;
import io.adapt4j.lora.Lora;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Memory of QLoRA worked out from a configuration alone. */
class QLoraPlanTest {

  private static final Device CARD = Device.gpu("a 48 GB card", 48_000_000_000L);

  private static ModelConfig llama(int layers, int hidden, int mlp, int heads, int keyValueHeads) {
    return ModelConfig.parse(
        Path.of("llama/config.json"),
        """
        {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "torch_dtype": "bfloat16",
         "vocab_size": 32000, "hidden_size": %d, "intermediate_size": %d,
         "num_hidden_layers": %d, "num_attention_heads": %d, "num_key_value_heads": %d,
         "hidden_act": "silu", "max_position_embeddings": 2048, "rms_norm_eps": 1e-5,
         "tie_word_embeddings": false}
        """
            .formatted(hidden, mlp, layers, heads, keyValueHeads));
  }

  private static ModelConfig llama65b() {
    return llama(80, 8192, 22016, 64, 64);
  }

  private static StepShape step(Optimizer optimizer) {
    return StepShape.of(1, 512, DType.BF16, optimizer).withRecompute(true);
  }

  @Test
  void a65bModelTrainsOnOneCardOf48Gigabytes() {
    QLora method = QLora.nf4().doubleQuant(true).rank(64);
    Forecast found = Planner.of(llama65b(), method).forecast(step(Optimizer.pagedAdamW()), CARD);
    assertThat(found.fits()).as(found.text()).isTrue();
    MemoryEstimate memory = found.memory();
    long sum =
        memory.lasting().stream().mapToLong(MemoryItem::bytes).sum()
            + memory.peakPhase().items().stream().mapToLong(MemoryItem::bytes).sum();
    assertThat(memory.peakBytes()).isEqualTo(sum);
    // Dettmers et al. 2023: from more than 780 GB to less than 48 GB.
    assertThat(memory.peakBytes()).isBetween(35_000_000_000L, 48_000_000_000L);
    assertThat(found.text())
        .contains(
            "quantized weights", "scales of quantized weights", "one layer's weights, restored")
        .contains("outside it: optimizer state", "just fits a 48 GB card")
        .contains("full fine-tuning with AdamW in fp32 would need 1049.", "; this needs 45.");
  }

  @Test
  void its65bWeightsAreCountedToTheByte() {
    MemoryEstimate found =
        Planner.of(llama65b(), QLora.nf4().rank(64)).estimate(step(Optimizer.pagedAdamW()));
    long attention = 8192L * 8192;
    long mlp = 8192L * 22016;
    long weights = 80 * (4 * attention + 3 * mlp);
    long tensors = 80 * 7;
    assertThat(found.lasting(MemoryNames.PACKED_CODES)).isEqualTo(weights / 2);
    assertThat(found.lasting(MemoryNames.PACKED_SCALES)).isEqualTo(weights / 64);
    assertThat(found.lasting(MemoryNames.PACKED_TABLES))
        .isEqualTo(weights / 64 / 256 * 4 + tensors * 4 * (16 + 256 + 1));
    long embeddings = 2 * 32000L * 8192;
    long norms = (2 * 80 + 1) * 8192L;
    assertThat(found.lasting(MemoryNames.WEIGHTS)).isEqualTo(2 * (embeddings + norms));
    assertThat(found.lasting(MemoryNames.RESTORED)).isEqualTo(2 * 2 * mlp);
    long factors = 64L * 80 * (4 * (8192 + 8192) + 3 * (8192 + 22016));
    assertThat(found.lasting(MemoryNames.GRADIENTS)).isEqualTo(4 * factors);
    // Eight bytes a value, and a counter of steps a factor.
    assertThat(found.lasting(MemoryNames.OPTIMIZER)).isEqualTo(8 * factors + 4 * 2 * tensors);
  }

  @Test
  void pagedStateIsOutsideAGraphicsProcessorOnly() {
    Planner planner = Planner.of(llama65b(), QLora.nf4().rank(64));
    MemoryEstimate card = planner.estimate(step(Optimizer.pagedAdamW()), Device.Kind.GPU);
    MemoryEstimate whole = planner.estimate(step(Optimizer.adamW()), Device.Kind.GPU);
    long state = whole.lasting(MemoryNames.OPTIMIZER);
    assertThat(card.lasting(MemoryNames.OPTIMIZER)).isZero();
    assertThat(card.host()).containsExactly(new MemoryItem(MemoryNames.OPTIMIZER, state));
    assertThat(whole.peakBytes() - card.peakBytes()).isEqualTo(state);
    MemoryEstimate machine = planner.estimate(step(Optimizer.pagedAdamW()), Device.Kind.CPU);
    assertThat(machine.lasting(MemoryNames.OPTIMIZER)).isEqualTo(state);
    assertThat(machine.host()).isEmpty();
  }

  @Test
  void a1bModelTakesAFifthOfFullFineTuning() {
    ModelConfig config = llama(22, 2048, 5632, 32, 4);
    StepShape step = step(Optimizer.adamW());
    FullComparison found = Planner.of(config, QLora.nf4().rank(16)).compared(step, Device.Kind.CPU);
    assertThat(found.share()).isLessThan(0.20);
    assertThat(found.plannedBytes()).isLessThan(3_000_000_000L);
    StepShape full = StepShape.of(1, 512, DType.F32, Optimizer.adamW()).withRecompute(true);
    assertThat(found.fullBytes())
        .isEqualTo(Planner.of(config, FullFineTuning.create()).estimate(full).peakBytes());
    assertThat(found.text()).endsWith(" = %.1f %%".formatted(found.share() * 100));
  }

  @ParameterizedTest
  @CsvSource({"64, true, 0.516", "64, false, 0.5625", "128, true, 0.508", "256, false, 0.516"})
  void bytesOfAWeightAreThoseOfThePaper(int block, boolean doubleQuant, double expected) {
    long elements = 4096L * 11008;
    QuantizedSize found =
        Quantization.nf4().blockSize(block).doubleQuant(doubleQuant).bytes(1, elements);
    assertThat((double) found.total() / elements).isCloseTo(expected, within(0.001));
  }

  @Test
  void aBaseInEightBitsIsCountedToTheByte() {
    FineTuningMethod method = QLora.of(Quantization.int8(), Lora.rank(16));
    MemoryEstimate found =
        Planner.of(llama(22, 2048, 5632, 32, 4), method).estimate(step(Optimizer.adamW()));
    long weights = 22L * (2 * 2048 * 2048 + 2 * 2048 * 256 + 3 * 2048 * 5632);
    assertThat(found.lasting(MemoryNames.PACKED_CODES)).isEqualTo(weights);
    assertThat(found.lasting(MemoryNames.PACKED_SCALES)).isEqualTo(weights / 16);
    assertThat(found.lasting(MemoryNames.PACKED_TABLES)).isZero();
    assertThat(found.lasting(MemoryNames.RESTORED)).isEqualTo(2L * 2 * 2048 * 5632);
  }

  @Test
  void bytesOfATensorAreThoseItTakes() {
    float[] values = new float[200];
    for (int i = 0; i < values.length; i++) {
      values[i] = i - 99.5f;
    }
    for (boolean doubleQuant : new boolean[] {false, true}) {
      Quantization quantization = Quantization.fp4().doubleQuant(doubleQuant);
      QuantizedSize told = quantization.bytes(1, values.length);
      assertThat(told.codes()).isEqualTo(100);
      assertThat(told.scales()).isEqualTo(doubleQuant ? 4 : 16);
      assertThat(told.total()).isEqualTo(quantized(quantization.format(), values).bytes());
    }
  }

  private static QuantizedTensor quantized(FourBitFormat format, float... values) {
    float[] absmax = new float[(int) format.blocks(values.length)];
    ByteBuffer packed = ByteBuffer.allocate((int) QuantizedTensor.packedBytes(values.length));
    JavaKernels.INSTANCE.quantize(format, values, values.length, packed, absmax, 0);
    return new QuantizedTensor(
        format,
        format.code().numbers(),
        List.of((long) values.length),
        packed.flip(),
        format.scales(absmax));
  }

  @Test
  void modulesThatAreSkippedTakeTheComputeType() {
    ModelConfig config = llama(2, 256, 512, 4, 4);
    StepShape step = step(Optimizer.adamW());
    MemoryEstimate all = Planner.of(config, QLora.nf4()).estimate(step);
    MemoryEstimate some = Planner.of(config, QLora.nf4().skip("down_proj")).estimate(step);
    long down = 2 * 256L * 512;
    assertThat(some.lasting(MemoryNames.PACKED_CODES))
        .isEqualTo(all.lasting(MemoryNames.PACKED_CODES) - down / 2);
    assertThat(some.lasting(MemoryNames.WEIGHTS))
        .isEqualTo(all.lasting(MemoryNames.WEIGHTS) + 2 * down);
  }

  @Test
  void theHeadAndTheEmbeddingsAreNotPacked() {
    try (Network network = Architectures.declare(llama(1, 64, 128, 4, 4))) {
      long linear = 0;
      for (LinearSlot slot : network.layerLinears()) {
        for (Linear.Part part : slot.parts()) {
          linear += part.width() * slot.linear().inFeatures();
        }
      }
      MemoryEstimate found = Planner.of(network, QLora.nf4()).estimate(step(Optimizer.adamW()));
      assertThat(found.lasting(MemoryNames.PACKED_CODES)).isEqualTo(linear / 2);
    }
  }
}
