package io.adapt4j.core.internal.nn.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.adapt4j.core.exception.CheckpointException;
import io.adapt4j.core.method.WeightFormat;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What a folder says of how its weights are stored. */
class StoredModelTest {

  @TempDir private Path folder;

  @Test
  void plainWeightsAreHeldAsWanted() throws Exception {
    Files.writeString(folder.resolve("config.json"), "{\"model_type\": \"llama\"}");
    StoredModel stored = StoredModel.read(folder, WeightFormat.asStored());
    assertThat(stored.config().modelType()).isEqualTo("llama");
    assertThat(stored.weights()).isSameAs(WeightMechanics.of(WeightFormat.asStored()));
  }

  @Test
  void quantizedWeightsNeedAModuleThatReadsThem() throws Exception {
    Files.writeString(
        folder.resolve("config.json"),
        """
        {"model_type": "llama",
         "quantization_config": {"quant_method": "bitsandbytes", "load_in_4bit": true}}
        """);
    assertThatThrownBy(() -> StoredModel.read(folder, WeightFormat.asStored()))
        .isInstanceOf(CheckpointException.class)
        .hasMessageContaining("field 'quantization_config'")
        .hasMessageContaining("adapt4j-qlora on the class path");
  }
}
