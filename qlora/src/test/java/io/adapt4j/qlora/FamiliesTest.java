package io.adapt4j.qlora;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.weights.Weights;
import java.nio.file.Path;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which tensors are linear layers is known for every family of decoders. */
class FamiliesTest {

  @TempDir private Path temporary;

  @ParameterizedTest
  @CsvSource({
    "llama_tied, q_proj k_proj v_proj o_proj gate_proj up_proj down_proj",
    "llama_sharded, q_proj k_proj v_proj o_proj gate_proj up_proj down_proj",
    "mistral, q_proj k_proj v_proj o_proj gate_proj up_proj down_proj",
    "qwen2_fp16, q_proj k_proj v_proj o_proj gate_proj up_proj down_proj",
    "qwen3, q_proj k_proj v_proj o_proj gate_proj up_proj down_proj",
    "gemma2, q_proj k_proj v_proj o_proj gate_proj up_proj down_proj",
    "gpt_neox, query_key_value dense dense_h_to_4h dense_4h_to_h",
  })
  void linearLayersAreQuantizedAndTheModelStillLoads(String name, String projections) {
    Path folder = Golden.shared("models/" + name);
    Path quantized = temporary.resolve("quantized");
    Path plain = temporary.resolve("plain");
    QuantizedCheckpoint.quantize(folder, quantized, Quantization.fp4());
    try (Checkpoint written = Checkpoint.open(quantized)) {
      Set<String> found =
          new FourBitReader(written)
              .weights().stream()
                  .map(weight -> weight.split("\\."))
                  .map(path -> path[path.length - 2])
                  .collect(Collectors.toSet());
      assertThat(found).containsExactlyInAnyOrder(projections.split(" "));
    }
    QuantizedCheckpoint.dequantize(quantized, plain);
    try (Decoder decoder = Architectures.declareDecoder(ModelConfig.read(plain));
        Checkpoint source = Checkpoint.open(folder);
        Checkpoint written = Checkpoint.open(plain)) {
      Weights.check(decoder, written);
      assertThat(written.names()).containsExactlyInAnyOrderElementsOf(source.names());
      for (String tensor : source.names()) {
        assertThat(written.entry(tensor).type()).isEqualTo(source.entry(tensor).type());
      }
    }
  }
}
