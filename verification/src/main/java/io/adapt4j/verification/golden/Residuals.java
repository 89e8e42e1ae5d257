package io.adapt4j.verification.golden;

import com.fasterxml.jackson.databind.JsonNode;
import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.verification.internal.GoldenFolder;
import io.adapt4j.verification.internal.PeftParts;
import java.nio.file.Path;

/**
 * The residual base weights under an adapter whose initial values were taken from them: merged
 * weights minus the adapter's update.
 */
record Residuals(Path adapter, Checkpoint merged) {

  /** The weight with the name that it has in PEFT's memory. */
  float[] of(String name) {
    String path = name.replace(".base_layer.weight", "");
    float[] sum = GoldenFolder.floats(merged, path.replace("base_model.model.", "") + ".weight");
    JsonNode config = PeftParts.config(adapter);
    double rank = config.path("r").asDouble();
    double scale =
        config.path("lora_alpha").asDouble()
            / (config.path("use_rslora").asBoolean() ? Math.sqrt(rank) : rank);
    try (Checkpoint file = Checkpoint.openFile(adapter.resolve("adapter_model.safetensors"))) {
      float[] a = GoldenFolder.floats(file, path + ".lora_A.weight");
      float[] b = GoldenFolder.floats(file, path + ".lora_B.weight");
      int width = Math.toIntExact(file.entry(path + ".lora_A.weight").shape().get(0));
      int in = a.length / width;
      for (int i = 0; i < sum.length; i++) {
        double product = 0;
        for (int r = 0; r < width; r++) {
          product += (double) b[i / in * width + r] * a[r * in + i % in];
        }
        sum[i] -= (float) (scale * product);
      }
      return sum;
    }
  }
}
