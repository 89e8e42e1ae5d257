package io.adapt4j.core.finetune;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.SmallModel;
import io.adapt4j.core.data.Datasets;
import io.adapt4j.core.exception.SettingsException;
import io.adapt4j.core.internal.Json;
import io.adapt4j.core.model.ModelSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Rows with pictures without the module that reads pictures. */
class PictureRowsTest {

  @TempDir private Path folder;

  @Test
  void theMissingModuleIsNamed() throws IOException {
    Path model = SmallModel.write(folder.resolve("model"));
    Path config = model.resolve("config.json");
    ObjectNode fields = (ObjectNode) Json.parse(Files.readString(config));
    Files.writeString(config, fields.put("image_token_id", 3).toString());
    Path rows = folder.resolve("rows.jsonl");
    Files.writeString(
        rows,
        "{\"messages\":[{\"role\":\"user\",\"content\":\"<image>x\"},"
            + "{\"role\":\"assistant\",\"content\":\"y\"}],\"images\":[\"a.png\"]}");
    FineTuner.Builder tuner =
        FineTuner.builder()
            .model(ModelSource.path(model))
            .dataset(Datasets.jsonl(rows))
            .method(FullFineTuning.create())
            .chatTemplate("chatml")
            .output(folder.resolve("output"));
    assertThatThrownBy(() -> tuner.build().run())
        .isInstanceOf(SettingsException.class)
        .hasMessageContaining("rows.jsonl")
        .hasMessageContaining("Add adapt4j-vision");
  }
}
