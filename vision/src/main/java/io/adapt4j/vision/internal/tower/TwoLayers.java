package io.adapt4j.vision.internal.tower;

import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.family.common.Activations;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.mlp.PlainMlp;

/** Projectors of two linear layers into a text model. */
final class TwoLayers {

  static final String PROJECTOR = "model.multi_modal_projector.";

  private TwoLayers() {}

  /** Declares a projector whose inner width is that of the text model. */
  static PlainMlp declare(
      TowerWeights weights, ModelConfig model, int width, boolean bias, int defaultText) {
    int text = textWidth(model, defaultText);
    return new PlainMlp(
        weights.add(LinearSlot.of(PROJECTOR + "linear_1", width, bias, text)),
        weights.add(LinearSlot.of(PROJECTOR + "linear_2", text, bias, text)),
        Activations.read(model, "projector_hidden_act", "gelu"));
  }

  /** Returns the width of the text model, whose fields may be in the same object as the tower's. */
  static int textWidth(ModelConfig model, int defaultText) {
    return (model.hasText() ? model.text() : model)
        .fields()
        .positiveInt("hidden_size", defaultText);
  }

  /** Returns how many of the last layers are left out according to {@code vision_feature_layer}. */
  static int left(ModelConfig model, int layers, int defaultLayer) {
    var fields = model.fields();
    var stated = fields.integers("vision_feature_layer");
    int layer = stated.isEmpty() ? defaultLayer : stated.get(0);
    int left = layer < 0 ? -1 - layer : layers - layer;
    if (stated.size() > 1 || left < 0 || left > layers) {
      throw fields.invalid(
          "vision_feature_layer",
          "one layer from " + (-1 - layers) + " to " + layers,
          "This build reads the features of one layer.");
    }
    return left;
  }

  /** Returns whether the first position, a class token, is left out of the features. */
  static boolean dropsFirst(ModelConfig model, String defaultStrategy) {
    var fields = model.fields();
    String strategy = fields.optionalText("vision_feature_select_strategy").orElse(defaultStrategy);
    if (!strategy.equals("default") && !strategy.equals("full")) {
      throw fields.invalid("vision_feature_select_strategy", "default or full", "Correct it.");
    }
    return strategy.equals("default");
  }
}
