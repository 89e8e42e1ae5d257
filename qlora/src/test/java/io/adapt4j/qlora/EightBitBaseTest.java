package io.adapt4j.qlora;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.internal.checkpoint.EightBitFolder;
import io.adapt4j.core.internal.checkpoint.EightBitFolder.Kind;
import io.adapt4j.core.internal.method.Adaptation;
import io.adapt4j.core.internal.method.Methods;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.lora.Lora;
import io.adapt4j.lora.LoraAdapter;
import io.adapt4j.lora.Targets;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Adapters on 4-bit weights that are quantized from checkpoints in 8-bit floats. */
class EightBitBaseTest {

  private static final Path FAMILIES = Path.of("..", "core", "fixtures", "families");

  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource({"qwen3_bias, CHANNELS", "gemma4_moe, BLOCKS"})
  void theyAreQuantizedAdaptedAndMergedAsTheirUnpackedWeights(String family, Kind kind)
      throws IOException {
    Path plain = folder.resolve("plain");
    Path packed = folder.resolve("packed");
    EightBitFolder.write(FAMILIES.resolve(family), plain, packed, kind);
    float[] wanted = adapted(plain, folder.resolve("first"));
    assertThat(adapted(packed, folder.resolve("second"))).isEqualTo(wanted);

    Path merged = folder.resolve("merged");
    LoraAdapter.at(folder.resolve("second")).writeMerged(packed, merged);
    Path other = folder.resolve("other");
    LoraAdapter.at(folder.resolve("first")).writeMerged(plain, other);
    assertThat(merged.resolve("model.safetensors"))
        .hasSameBinaryContentAs(other.resolve("model.safetensors"));
  }

  private static float[] adapted(Path base, Path adapter) {
    Lora lora = Lora.rank(2).targets(Targets.names("q_proj", "down_proj"));
    try (Network network = FourBitCase.load(base, Quantization.nf4(), DType.F32)) {
      float[] before = FourBitCase.outputs(network);
      try (Adaptation adaptation = Methods.of(lora).attach(network, base, 3)) {
        FourBitLoraTest.randomize(adaptation);
        adaptation.save(adapter);
        float[] outputs = FourBitCase.outputs(network);
        assertThat(outputs).isNotEqualTo(before);
        return outputs;
      }
    }
  }
}
