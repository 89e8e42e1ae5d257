package io.adapt4j.core.internal.generate;

import java.io.IOException;

/**
 * A layer for further tokens as a model with one decoder layer, whose embedding holds what the
 * layer's projection gives at each position of a text.
 */
final class PlainNextToken {

  private PlainNextToken() {}

  /** The model that reads 0, 1, 2 and so on as the layer reads a text after its first token. */
  static NextTokenFolder model(NextTokenFolder made, int[] ids, float[] states) throws IOException {
    boolean isQwen = made.path().equals("mtp.");
    NextTokenFolder plain = NextTokenFolder.random(family(made));
    plain.values.keySet().removeIf(name -> name.startsWith("model.") || name.startsWith("mtp."));
    plain.config.put("num_hidden_layers", 1);
    if (isQwen) {
      plain.config.putArray("layer_types").add("full_attention");
      plain.config.remove("mlp_only_layers");
    } else {
      plain.config.put("first_k_dense_replace", 0).put("num_nextn_predict_layers", 0);
    }
    String from = isQwen ? "mtp.layers.0." : made.path();
    made.values.forEach(
        (name, all) -> {
          boolean isInput = name.matches(".*(enorm|hnorm|eh_proj|shared_head\\.norm)\\.weight");
          if (name.startsWith(from) && !isInput) {
            String to = "model.layers.0." + name.substring(from.length());
            plain.put(to, made.shapes.get(name), all);
          }
        });
    String norm = made.own("shared_head.norm.weight");
    plain.put("model.norm.weight", made.shapes.get(norm), made.values.get(norm));
    plain.put(
        "model.embed_tokens.weight",
        made.shapes.get("lm_head.weight"),
        inputs(made, ids, states, isQwen ? 1 : 0));
    return plain;
  }

  private static String family(NextTokenFolder made) {
    String type = made.config.path("model_type").asText();
    return type.equals("qwen3_5_text") ? "qwen3_5" : type;
  }

  private static float[] inputs(NextTokenFolder made, int[] ids, float[] states, int offset) {
    int width = NextTokenFolder.HIDDEN;
    float[] tokens = made.values.get("model.embed_tokens.weight");
    float[] matrix = made.values.get(made.own("eh_proj.weight"));
    float[] rows = new float[NextTokenFolder.VOCABULARY * width];
    for (int i = 0; i + 1 < ids.length; i++) {
      double[] token =
          normed(tokens, ids[i + 1] * width, made.values.get(made.own("enorm.weight")), offset);
      double[] state = normed(states, i * width, made.values.get(made.own("hnorm.weight")), offset);
      for (int row = 0; row < width; row++) {
        double sum = 0;
        for (int column = 0; column < width; column++) {
          sum += matrix[row * 2 * width + column] * token[column];
          sum += matrix[row * 2 * width + width + column] * state[column];
        }
        rows[i * width + row] = (float) sum;
      }
    }
    return rows;
  }

  private static double[] normed(float[] from, int start, float[] weight, int offset) {
    double square = 0;
    for (int i = 0; i < weight.length; i++) {
      square += from[start + i] * from[start + i] / (double) weight.length;
    }
    double[] normed = new double[weight.length];
    for (int i = 0; i < weight.length; i++) {
      normed[i] = from[start + i] / Math.sqrt(square + 1e-6) * (weight[i] + offset);
    }
    return normed;
  }
}
