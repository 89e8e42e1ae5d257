package io.adapt4j.qlora;

import static io.adapt4j.core.Refusals.refuses;
import static io.adapt4j.core.Words.words;
import static io.adapt4j.core.internal.nn.TestNetworks.longs;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.model.Precision;
import io.adapt4j.kernels.internal.JavaKernels;
import io.adapt4j.kernels.internal.QuantizedTensor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Whole checkpoints, to and from the layout of Transformers and bitsandbytes. */
class QuantizedCheckpointTest {

  private static final String DOWN = "model.layers.0.mlp.down_proj.weight";

  @TempDir private Path temporary;

  @ParameterizedTest
  @ValueSource(strings = {"llama_nf4_dq", "llama_nf4_dq_bf16"})
  void aDequantizedCheckpointIsAPlainModelWithTheLogitsOfTransformers(String name) {
    long before = Tensor.live();
    Path folder = Golden.folder("nf4/" + name);
    Path plain = temporary.resolve("plain");
    QuantizedCheckpoint.dequantize(folder, plain, Precision.FP32);
    try (Checkpoint expected = Checkpoint.openFile(folder.resolve("expected.safetensors"));
        Checkpoint written = Checkpoint.open(plain)) {
      int compared = 0;
      for (String tensor : expected.names()) {
        if (tensor.startsWith("dequant.")) {
          String weight = tensor.substring("dequant.".length());
          assertThat(written.entry(weight).shape()).isEqualTo(expected.entry(tensor).shape());
          float[] found = Golden.floats(written, weight);
          // bitsandbytes on a CPU rounds the table and the product to the half type.
          float relative = name.endsWith("bf16") ? 1f / 128 : 1e-6f;
          float[] wanted = Golden.floats(expected, tensor);
          for (int i = 0; i < wanted.length; i++) {
            assertThat(found[i]).isCloseTo(wanted[i], within(relative * Math.abs(wanted[i])));
          }
          compared++;
        }
      }
      assertThat(compared).isEqualTo(7);
      assertLogits(logits(plain, expected), expected);
    }
    assertThat(Tensor.live()).isEqualTo(before);
  }

  /** What padding positions contain is not defined. */
  private static void assertLogits(float[] found, Checkpoint expected) {
    float[] wanted = Golden.floats(expected, "logits_fp32_dequant");
    long[] mask = longs(expected, "attention_mask");
    int vocabulary = wanted.length / mask.length;
    assertThat(found).hasSameSizeAs(wanted);
    for (int i = 0; i < wanted.length; i++) {
      if (mask[i / vocabulary] == 1) {
        assertThat(found[i]).as("logit " + i).isCloseTo(wanted[i], within(1e-4f));
      }
    }
  }

  @Test
  void withoutATypeEachWeightGetsBackTheOneItHad() {
    Path folder = Golden.folder("nf4/llama_nf4_dq_bf16");
    QuantizedCheckpoint.dequantize(folder, temporary);
    Path precise = temporary.resolve("precise");
    QuantizedCheckpoint.dequantize(folder, precise, Precision.FP32);
    try (Checkpoint exact = Checkpoint.open(precise);
        Checkpoint written = Checkpoint.open(temporary)) {
      assertThat(written.entry(DOWN).type()).isEqualTo(StoredType.BF16);
      float[] wanted = Golden.floats(exact, DOWN);
      for (int i = 0; i < wanted.length; i++) {
        wanted[i] = (float) DType.BF16.round(wanted[i]);
      }
      assertThat(Golden.floats(written, DOWN)).isEqualTo(wanted);
      assertThat(ModelConfig.read(temporary).dtype()).contains(StoredType.BF16);
      assertThat(temporary.resolve("generation_config.json")).exists();
    }
  }

  @Test
  void quantizingGivesTheFileThatTransformersSaves() {
    Path golden = Golden.folder("nf4/llama_nf4_dq");
    quantize(Quantization.nf4());
    try (Checkpoint wanted = Checkpoint.open(golden);
        Checkpoint found = Checkpoint.open(temporary)) {
      assertThat(found.names()).containsExactlyElementsOf(wanted.names());
      for (String name : wanted.names()) {
        if (name.contains("quant_state")) {
          assertSameState(wanted, found, name);
        } else if (name.endsWith("nested_absmax")) {
          // Follows the mean of the scales, which may differ in its last digit.
          assertThat(Golden.floats(found, name))
              .containsExactly(Golden.floats(wanted, name), within(1e-7f));
        } else {
          assertThat(found.entry(name).type()).isEqualTo(wanted.entry(name).type());
          assertThat(found.entry(name).shape()).isEqualTo(wanted.entry(name).shape());
          assertThat(Golden.bytes(found, name)).as(name).isEqualTo(Golden.bytes(wanted, name));
        }
      }
    }
    assertThat(config(temporary)).isEqualTo(config(golden));
  }

  private static void assertSameState(Checkpoint wanted, Checkpoint found, String name) {
    QuantState quantState = QuantState.parse(wanted.entry(name), Golden.bytes(wanted, name));
    QuantState other = QuantState.parse(found.entry(name), Golden.bytes(found, name));
    float offset = quantState.nested().orElseThrow().offset();
    assertThat(other.nested().orElseThrow().offset())
        .isBetween(Math.nextDown(offset), Math.nextUp(offset));
    assertThat(other.format()).isEqualTo(quantState.format());
    assertThat(other.shape()).isEqualTo(quantState.shape());
    assertThat(other.original()).isEqualTo(quantState.original());
    if (offset == other.nested().orElseThrow().offset()) {
      assertThat(Golden.bytes(found, name)).isEqualTo(Golden.bytes(wanted, name));
    }
  }

  @ParameterizedTest
  @CsvSource({"NF4, 64, false", "NF4, 128, true", "FP4, 64, true", "FP4, 4096, false"})
  void whatIsWrittenIsReadBack(QuantType type, int blockSize, boolean doubleQuantized) {
    Quantization quantization = new Quantization(type, blockSize, doubleQuantized);
    quantize(quantization);
    Path plain = temporary.resolve("plain");
    QuantizedCheckpoint.dequantize(temporary, plain);
    try (Checkpoint source = Checkpoint.open(Golden.folder("models/llama"));
        Checkpoint written = Checkpoint.open(plain)) {
      QuantizedTensor tensor =
          new StoredWeight(source, DOWN).quantize(quantization.format(), JavaKernels.INSTANCE);
      float[] wanted = new float[(int) tensor.elements()];
      JavaKernels.INSTANCE.dequantize(tensor, 0, wanted, wanted.length);
      assertThat(Golden.floats(written, DOWN)).isEqualTo(wanted);
      assertThat(Golden.bytes(written, "lm_head.weight"))
          .isEqualTo(Golden.bytes(source, "lm_head.weight"));
    }
    assertThat(config(plain)).isEqualTo(config(Golden.folder("models/llama")));
  }

  @Test
  void skippedModulesKeepTheirTypeAndAreListedForTransformers() {
    quantize(Quantization.nf4().skip("down_proj", "model.layers.1.self_attn"));
    try (Checkpoint written = Checkpoint.open(temporary)) {
      assertThat(new FourBitReader(written).weights())
          .containsExactlyInAnyOrder(
              "model.layers.0.mlp.gate_proj.weight",
              "model.layers.0.mlp.up_proj.weight",
              "model.layers.0.self_attn.k_proj.weight",
              "model.layers.0.self_attn.o_proj.weight",
              "model.layers.0.self_attn.q_proj.weight",
              "model.layers.0.self_attn.v_proj.weight",
              "model.layers.1.mlp.gate_proj.weight",
              "model.layers.1.mlp.up_proj.weight");
      assertThat(written.entry(DOWN).type()).isEqualTo(StoredType.F32);
    }
    JsonNode skipped = config(temporary).path("quantization_config").path("llm_int8_skip_modules");
    assertThat(skipped)
        .extracting(JsonNode::textValue)
        .containsExactly(
            words(
                "lm_head model.embed_tokens model.layers.0.mlp.down_proj",
                "model.layers.1.mlp.down_proj model.layers.1.self_attn.k_proj",
                "model.layers.1.self_attn.o_proj model.layers.1.self_attn.q_proj",
                "model.layers.1.self_attn.v_proj"));
  }

  @Test
  void aModuleToSkipThatIsNotThereIsRefused() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> quantize(Quantization.nf4().skip("down_projj")))
        .withMessageContaining("down_projj");
  }

  @Test
  void aQuantizedModelIsNotReadAsAPlainOneButTheErrorSaysHow() {
    assertThatThrownBy(() -> ModelConfig.read(Golden.folder("nf4/llama_nf4_dq")))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("QuantizedCheckpoint.dequantize");
  }

  @Test
  void theFolderItselfIsNoTarget() {
    Path folder = Golden.folder("nf4/llama_nf4_dq");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> QuantizedCheckpoint.dequantize(folder, folder))
        .withMessageContaining("target");
  }

  @Test
  void otherQuantizationsAndPlainCheckpointsAreNotDequantized() throws Exception {
    Path plain = Golden.folder("models/llama");
    assertThatThrownBy(() -> QuantizedCheckpoint.dequantize(plain, temporary))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("quantization_config");
    Path gptq = Files.createDirectory(temporary.resolve("gptq"));
    Files.writeString(
        gptq.resolve("config.json"),
        "{\"model_type\": \"llama\", \"quantization_config\": {\"quant_method\": \"gptq\"}}");
    refuses(
        CheckpointException.class, () -> QuantizedCheckpoint.dequantize(gptq, temporary), "gptq");
  }

  private void quantize(Quantization options) {
    QuantizedCheckpoint.quantize(Golden.folder("models/llama"), temporary, options);
  }

  private static JsonNode config(Path folder) {
    return ConfigReader.read(folder.resolve(ModelConfig.FILE)).json();
  }

  private static float[] logits(Path folder, Checkpoint batch) {
    List<Long> shape = batch.entry("input_ids").shape();
    int rows = shape.get(0).intValue();
    int length = shape.get(1).intValue();
    long[] mask = longs(batch, "attention_mask");
    try (Decoder decoder = Architectures.declareDecoder(ModelConfig.read(folder));
        Checkpoint weights = Checkpoint.open(folder);
        Scope scope = Scope.open()) {
      Weights.check(decoder, weights);
      decoder.allocate(DType.F32);
      Weights.load(decoder, weights);
      try (Positions positions = decoder.positions(mask, rows, length)) {
        Tensor ids = Tensor.of(longs(batch, "input_ids"), rows, length);
        Ops ops = Ops.inference();
        return decoder.logits(decoder.hidden(ops, ids, positions, false)).toFloats();
      }
    }
  }
}
