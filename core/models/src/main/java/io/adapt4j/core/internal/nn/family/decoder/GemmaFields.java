package io.adapt4j.core.internal.nn.family.decoder;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.IntNode;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.embedding.Embeddings;
import io.adapt4j.core.internal.nn.embedding.LayerInputs;
import io.adapt4j.core.internal.nn.layer.InputGate;
import io.adapt4j.core.internal.nn.linear.LinearSlot;
import io.adapt4j.core.internal.nn.norm.Norm;
import io.adapt4j.core.internal.nn.norm.RmsNorm;
import io.adapt4j.core.internal.tensor.op.Activation;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** Reads the fields that Gemma 3n and Gemma 4 share. */
final class GemmaFields {

  /** Tensors of the vision and audio towers and their projectors. */
  static final String OTHERS =
      "(model\\.)?(vision_tower|audio_tower|embed_vision|embed_audio|multi_modal_projector)\\..*";

  private static final int MOST = 1 << 20;
  private static final int FIRST_SPARSE = 10;
  private static final double DEFAULT_SPARSITY = 0.95;

  private GemmaFields() {}

  /** Finds the layer whose keys and values each layer uses. */
  static int[] sources(ModelConfig model, List<Boolean> slides, int shared) {
    int[] sources = new int[slides.size()];
    int first = slides.size() - shared;
    for (int i = 0; i < sources.length; i++) {
      sources[i] = i < first ? i : slides.subList(0, Math.max(0, first)).lastIndexOf(slides.get(i));
      if (sources[i] < 0) {
        throw model
            .fields()
            .invalid(
                "num_kv_shared_layers",
                "so many that a layer of each type before them has keys and values",
                "Correct the value.");
      }
    }
    return sources;
  }

  /**
   * Returns the number of last layers without their own keys and values; an explicit 0 counts as
   * stated.
   */
  static int sharedLayers(ModelConfig model, int absent, int layers) {
    int shared = model.fields().optionalInt("num_kv_shared_layers").orElse(absent);
    if (shared < 0 || shared >= layers) {
      throw model
          .fields()
          .invalid("num_kv_shared_layers", "a number from 0 to " + (layers - 1), "Correct it.");
    }
    return shared;
  }

  /** Declares the per-layer inputs. */
  static LayerInputs inputs(
      ModelConfig model, String root, int layers, int hidden, int width, double eps) {
    ConfigReader fields = model.fields();
    int rows = fields.positiveInt("vocab_size_per_layer_input", 262_144);
    return new LayerInputs(
        Parameter.of(root + "embed_tokens_per_layer.weight", rows, (long) layers * width),
        new Embeddings.Scale(Math.sqrt(width), true),
        LinearSlot.of(root + "per_layer_model_projection", hidden, false, (long) layers * width),
        RmsNorm.declare(root + "per_layer_projection_norm", width, 0, eps),
        layers);
  }

  /** Declares the gate through which a layer reads its inputs. */
  static InputGate gate(
      String path, int layer, int hidden, int width, Activation activation, Norm norm) {
    return new InputGate(
        LinearSlot.of(path + ".per_layer_input_gate", hidden, false, width),
        activation,
        LinearSlot.of(path + ".per_layer_projection", width, false, hidden),
        norm,
        layer);
  }

  /**
   * Returns the inner widths of all layers, which a file states as one number or as one for each.
   */
  static int[] perLayer(ModelConfig model, int layers) {
    String field = "intermediate_size";
    JsonNode stated = model.toJson().path(field);
    if (!stated.isArray()) {
      int all = model.fields().requirePositiveInt(field);
      return IntStream.range(0, layers).map(layer -> all).toArray();
    }
    List<Integer> each = model.fields().integers(field);
    if (each.size() != layers || each.stream().anyMatch(width -> width < 1 || width > MOST)) {
      throw model
          .fields()
          .invalid(field, layers + " numbers from 1 to " + MOST, "Give each layer its width.");
    }
    return each.stream().mapToInt(Integer::intValue).toArray();
  }

  /** Returns the configuration with a single inner width, for reading the other fields. */
  static ModelConfig withWidth(ModelConfig model, int[] inner) {
    return model.with("intermediate_size", IntNode.valueOf(inner[0]));
  }

  /** Returns the share of closed gates in each layer; 0 for none. */
  static List<Double> sparsity(ConfigReader fields, int layers) {
    String field = "activation_sparsity_pattern";
    JsonNode stated = fields.json().path(field);
    if (stated.isMissingNode() || stated.isNull()) {
      int sparse = layers > FIRST_SPARSE ? FIRST_SPARSE : 0;
      return IntStream.range(0, layers)
          .mapToObj(layer -> layer < sparse ? DEFAULT_SPARSITY : 0.0)
          .toList();
    }
    List<Double> shares = new ArrayList<>();
    for (int i = 0; i < layers; i++) {
      JsonNode share = stated.isArray() ? stated.path(i) : stated;
      shares.add(share.asDouble(-1));
    }
    boolean fits = !stated.isArray() || stated.size() == layers;
    if (!fits || shares.stream().anyMatch(share -> !(share >= 0 && share < 1))) {
      throw fields.invalid(
          field, "one number for all layers or for each, from 0 to below 1", "Correct it.");
    }
    return shares;
  }
}
