package io.adapt4j.qlora;

import static org.assertj.core.api.Assertions.assertThat;

import io.adapt4j.core.LanguageModel;
import io.adapt4j.core.generate.GenerationOptions;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.checkpoint.TensorData;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.FamilyFolder;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.next.NextTokenLayer;
import io.adapt4j.core.internal.nn.weights.CheckpointFolder;
import io.adapt4j.core.model.ModelSource;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A layer for further tokens that stays plain in a folder of quantized weights, or is quantized.
 */
class NextTokenLayerTest {

  @TempDir private Path folder;

  @Test
  void itDraftsForQuantizedWeights() {
    Path plain = plain();
    Path stored = folder.resolve("stored");
    QuantizedCheckpoint.quantize(plain, stored, Quantization.nf4());
    try (LanguageModel atLoading = LanguageModel.load(ModelSource.path(plain), Quantization.nf4());
        LanguageModel before = LanguageModel.load(ModelSource.path(stored))) {
      for (LanguageModel model : List.of(atLoading, before)) {
        List<int[]> prompts = List.of(new int[] {5, 9, 30, 7, 12});
        GenerationOptions options =
            GenerationOptions.builder().temperature(0.9).seed(3).maxNewTokens(24).build();
        int[] wanted = model.generateIds(prompts, options).get(0);
        model.useNextTokenLayer(2);
        assertThat(model.generateIds(prompts, options).get(0)).containsExactly(wanted);
      }
    }
  }

  private Path plain() {
    Path source;
    try (FamilyFolder family = FamilyFolder.open("qwen3_next")) {
      source = family.path();
    }
    ModelConfig config = ModelConfig.read(source);
    List<TensorData> tensors = new ArrayList<>();
    Path made = folder.resolve("plain");
    try (Checkpoint checkpoint = Checkpoint.open(source);
        Decoder decoder = Architectures.declareDecoder(config);
        NextTokenLayer layer = Architectures.nextTokenLayer(decoder).orElseThrow()) {
      checkpoint.names().forEach(name -> tensors.add(PlainWeights.copy(checkpoint, name)));
      SplittableRandom random = new SplittableRandom(3);
      layer.network().tensors().forEach((name, shape) -> tensors.add(drawn(name, shape, random)));
      tensors.removeIf(tensor -> tensor.name().matches("mtp\\.(embed_tokens|lm_head)\\.weight"));
      CheckpointFolder.write(made, source, config, tensors);
    }
    return made;
  }

  private static TensorData drawn(String name, List<Long> shape, SplittableRandom random) {
    int count = Math.toIntExact(shape.stream().reduce(1L, Math::multiplyExact));
    ByteBuffer bytes = ByteBuffer.allocate(4 * count).order(ByteOrder.LITTLE_ENDIAN);
    for (int i = 0; i < count; i++) {
      bytes.putFloat((float) random.nextGaussian() / 4);
    }
    return TensorData.of(name, StoredType.F32, shape, () -> bytes.duplicate().flip());
  }
}
