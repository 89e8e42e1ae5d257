package io.adapt4j.vision.internal.tower;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.tensor.DType;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/** Registry of the image towers that this build supports, by {@code model_type}. */
public final class Towers {

  private static final Map<String, Function<ModelConfig, PictureTower>> ALL =
      Map.ofEntries(
          Map.entry("idefics3", Idefics3Tower::new),
          Map.entry("smolvlm", Idefics3Tower::new),
          Map.entry("gemma3", Gemma3Tower::new),
          Map.entry("paligemma", PaliGemmaTower::new),
          Map.entry("lfm2-vl", Lfm2Tower::new),
          Map.entry("lfm2_vl", Lfm2Tower::new),
          Map.entry("qwen2_vl", Qwen2Tower::new),
          Map.entry("qwen2_5_vl", Qwen25Tower::new),
          Map.entry("qwen3_vl", Qwen3Tower::new),
          Map.entry("qwen3_vl_moe", Qwen3Tower::new),
          Map.entry("llava", LlavaTower::new),
          Map.entry("llava_next", LlavaNextTower::next),
          Map.entry("llava_onevision", LlavaNextTower::oneVision),
          Map.entry("internvl", InternVlTower::new),
          Map.entry("mistral3", Mistral3Tower::new),
          Map.entry("glm_ocr", GlmOcrTower::new),
          Map.entry("paddleocr_vl", PaddleOcrTower::new));

  private Towers() {}

  /** Returns the supported values of {@code model_type}. */
  public static Set<String> modelTypes() {
    return ALL.keySet();
  }

  /** Declares the image tower of a model, without weights. */
  public static PictureTower declare(ModelConfig model) {
    return find(ALL, model, "image tower").apply(model);
  }

  /** Finds the declaration of a model's family. */
  static <T> Function<ModelConfig, T> find(
      Map<String, Function<ModelConfig, T>> all, ModelConfig model, String what) {
    Function<ModelConfig, T> family = all.get(model.modelType());
    if (family == null) {
      throw model
          .fields()
          .invalid(
              "model_type",
              "one of " + all.keySet().stream().sorted().toList(),
              "This build has no " + what + " of that family.");
    }
    return family;
  }

  /** Declares and loads the image tower of a model; the caller closes it. */
  public static PictureTower load(ModelConfig model, Checkpoint checkpoint, DType type) {
    PictureTower tower = declare(model);
    try {
      tower.weights().load(checkpoint, type);
      return tower;
    } catch (RuntimeException | Error e) {
      tower.close();
      throw e;
    }
  }
}
