package io.adapt4j.core.internal.nn.family.decoder;

import com.fasterxml.jackson.databind.node.IntNode;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.cache.Heads;
import io.adapt4j.core.internal.nn.family.common.LayerTypes;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.IntStream;

/**
 * Heads of Gemma 4's sliding and global layers: stated in separate fields, or for each layer in
 * {@code per_layer_config}, as Transformers writes them since 5.15.
 */
public record GemmaHeads(Own local, Own global) {

  static final DecoderConfig.Defaults DEFAULTS =
      new DecoderConfig.Defaults(131_072, 1e-6, "gelu_pytorch_tanh", true, 10_000, 256);

  private static final String LAYERS = "per_layer_config";
  private static final String DIM = "head_dim";
  private static final String GROUPS = "num_key_value_heads";
  private static final Set<String> KNOWN = Set.of(DIM, GROUPS);

  /** Settings of one kind of layer. */
  public record Own(OptionalInt dim, OptionalInt groups, String field) {}

  /** Reads the heads. */
  public static GemmaHeads read(ModelConfig model, List<Boolean> slides) {
    ConfigReader fields = model.fields();
    if (fields.has(LAYERS)) {
      ConfigReader layers = fields.child(LAYERS).orElseThrow();
      layers.json().fieldNames().forEachRemaining(layer -> requireLayer(layers, layer, slides));
      return new GemmaHeads(ofKind(layers, slides, true), ofKind(layers, slides, false));
    }
    String groups = "num_global_key_value_heads";
    boolean own = fields.bool("attention_k_eq_v", false) && fields.has(groups);
    return new GemmaHeads(
        new Own(OptionalInt.empty(), OptionalInt.empty(), GROUPS),
        new Own(
            OptionalInt.of(fields.positiveInt("global_head_dim", 512)),
            own ? OptionalInt.of(fields.requirePositiveInt(groups)) : OptionalInt.empty(),
            own ? groups : GROUPS));
  }

  private static void requireLayer(ConfigReader layers, String layer, List<Boolean> slides) {
    if (!layer.matches("\\d{1,6}") || Integer.parseInt(layer) >= slides.size()) {
      throw layers.invalid(
          layer, "numbers of layers below " + slides.size(), "Remove it from per_layer_config.");
    }
    layers
        .child(layer)
        .ifPresent(
            own -> own.json().fieldNames().forEachRemaining(name -> requireKnown(own, name)));
  }

  private static void requireKnown(ConfigReader own, String field) {
    if (!KNOWN.contains(field)) {
      throw own.invalid(
          field,
          "no other field than head_dim and num_key_value_heads in per_layer_config",
          "Nothing else that differs between layers is read here.");
    }
  }

  /**
   * Returns the settings of one kind of layer. They must be equal in all its layers, which share
   * one rotary table and one mask.
   */
  private static Own ofKind(ConfigReader layers, List<Boolean> slides, boolean sliding) {
    List<Own> all =
        IntStream.range(0, slides.size())
            .filter(layer -> slides.get(layer) == sliding)
            .mapToObj(layer -> ofLayer(layers, layer))
            .distinct()
            .toList();
    if (all.size() > 1) {
      throw layers.invalid(
          DIM,
          "the same of all layers with the same kind of attention",
          "Models whose layers differ otherwise are not supported.");
    }
    return all.isEmpty() ? new Own(OptionalInt.empty(), OptionalInt.empty(), GROUPS) : all.get(0);
  }

  /** Returns the settings of a layer. Keys may have leading zeros. */
  private static Own ofLayer(ConfigReader layers, int layer) {
    for (String name : (Iterable<String>) () -> layers.json().fieldNames()) {
      if (layers.has(name) && Integer.parseInt(name) == layer) {
        ConfigReader own = layers.child(name).orElseThrow();
        return new Own(positive(own, DIM), positive(own, GROUPS), GROUPS);
      }
    }
    return new Own(OptionalInt.empty(), OptionalInt.empty(), GROUPS);
  }

  private static OptionalInt positive(ConfigReader own, String field) {
    return own.has(field) ? OptionalInt.of(own.requirePositiveInt(field)) : OptionalInt.empty();
  }

  /** Returns the configuration of sliding layers. */
  public DecoderConfig localConfig(ModelConfig model) {
    ModelConfig own = model;
    if (local.dim().isPresent()) {
      own = own.with(DIM, IntNode.valueOf(local.dim().getAsInt()));
    }
    if (local.groups().isPresent()) {
      own = own.with(GROUPS, IntNode.valueOf(local.groups().getAsInt()));
    }
    return DecoderConfig.from(own, DEFAULTS, Optional.of(LayerTypes.SLIDING));
  }

  /** Returns the heads of full-attention layers. */
  public Heads global(ModelConfig model) {
    DecoderConfig config = DecoderConfig.from(model, DEFAULTS, Optional.of(LayerTypes.SLIDING));
    int groups = global.groups().orElse(config.kvHeads());
    if (config.heads() % groups != 0) {
      throw model
          .fields()
          .invalid(
              global.field(),
              "a divisor of num_attention_heads " + config.heads(),
              "Correct one of the two.");
    }
    return Heads.grouped(config.heads(), groups, global.dim().orElse(config.headDim()));
  }
}
