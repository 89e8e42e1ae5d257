package io.adapt4j.core.internal.config;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Optional;

/**
 * Translates configurations of the remote code of jina-embeddings-v3 ({@code model_type}
 * xlm-roberta with rotary positions) to those of its family in Transformers, which has the same
 * tensor names, and leaves out {@link TaskAdapters}.
 */
final class JinaFields {

  private static final String POSITIONS = "position_embedding_type";
  private static final String BASE = "rotary_emb_base";
  private static final String WIDTH = "rotary_emb_dim";
  private static final String INTERLEAVED = "rotary_emb_interleaved";
  private static final String SCALE = "rotary_emb_scale_base";
  private static final String MULTIPLE = "pad_vocab_size_multiple";
  private static final String POOLER = "emb_pooler";
  private static final String TRUNCATION = "truncate_dim";
  private static final String SUBSET = "last_layer_subset";
  private static final String LENGTH = "max_position_embeddings";
  private static final String ROPE = "rope_parameters";
  private static final String THETA = "rope_theta";
  private static final double DEFAULT_BASE = 10_000;
  private static final String CLASS = "XLMRoberta";

  /** Fields that are read here, or without effect on what the model computes. */
  private static final List<String> DONE =
      List.of(
          POSITIONS,
          BASE,
          THETA,
          WIDTH,
          INTERLEAVED,
          SCALE,
          MULTIPLE,
          POOLER,
          TRUNCATION,
          SUBSET,
          TaskAdapters.NAMES,
          TaskAdapters.INSTRUCTIONS,
          TaskAdapters.RANK,
          TaskAdapters.ALPHA,
          TaskAdapters.STORED,
          "lora_dropout_p",
          "lora_main_params_trainable",
          "auto_map",
          "use_flash_attn",
          "use_reentrant",
          "fused_bias_fc",
          "fused_mlp",
          "fused_dropout_add_ln",
          "mlp_checkpoint_lvl");

  private JinaFields() {}

  /** Returns whether a configuration is one of the remote code. */
  static boolean areStated(ConfigReader fields) {
    return fields.optionalText("model_type").orElse("").equals("xlm-roberta")
        && fields.optionalText(POSITIONS).orElse("").equals("rotary");
  }

  /** Returns the translated configuration, or the same one if it is of another kind. */
  static ConfigReader translated(ConfigReader fields) {
    if (!areStated(fields)) {
      return fields;
    }
    TaskAdapters.read(fields);
    requireNeutral(fields);
    ObjectNode own = fields.json();
    own.remove(DONE);
    own.put("model_type", "jina_embeddings_v3");
    own.put(LENGTH, fields.positiveInt(LENGTH, 8194));
    ArrayNode classes = own.putArray("architectures");
    fields.texts("architectures").forEach(name -> classes.add(className(name)));
    own.putObject(ROPE).put(THETA, base(fields)).put("rope_type", "default");
    return ConfigReader.of(fields.file(), own);
  }

  /**
   * Reads the base of rotary positions: the remote code's field, or what later versions of
   * Transformers make of it. Scaled positions are unknown to the remote code.
   */
  private static double base(ConfigReader fields) {
    Optional<ConfigReader> later = fields.child(ROPE);
    later.ifPresent(rope -> requireUnscaled(rope, "rope_type"));
    if (fields.has("rope_scaling")) {
      throw fields.invalid("rope_scaling", "null", "Such positions are not supported here.");
    }
    double other = later.map(rope -> rope.positiveNumber(THETA, DEFAULT_BASE)).orElse(DEFAULT_BASE);
    return fields.positiveNumber(BASE, fields.positiveNumber(THETA, other));
  }

  private static void requireUnscaled(ConfigReader rope, String field) {
    if (!rope.optionalText(field).orElse("default").equals("default")) {
      throw rope.invalid(field, "default", "Such positions are not supported here.");
    }
  }

  private static String className(String name) {
    String family = name.startsWith(CLASS) ? name.substring(CLASS.length()) : name;
    return "JinaEmbeddingsV3" + (family.equals("LoRA") ? "Model" : family);
  }

  private static void requireNeutral(ConfigReader fields) {
    int hidden = fields.requirePositiveInt("hidden_size");
    int heads = fields.requirePositiveInt("num_attention_heads");
    if (fields.positiveInt(WIDTH, hidden / heads) != hidden / heads) {
      throw fields.invalid(
          WIDTH, "the heads' width " + hidden / heads, "Other widths are not supported here.");
    }
    for (String field : List.of(INTERLEAVED, SUBSET)) {
      if (fields.bool(field, false)) {
        throw fields.invalid(field, "false", "This is not supported here.");
      }
    }
    if (fields.has(SCALE)) {
      throw fields.invalid(SCALE, "null", "Scaled rotary positions are not supported here.");
    }
    int multiple = fields.positiveInt(MULTIPLE, 1);
    fields.requireDivisor(
        MULTIPLE, multiple, "vocab_size", fields.requirePositiveInt("vocab_size"));
    if (!fields.optionalText(POOLER).orElse("mean").equals("mean")) {
      throw fields.invalid(
          POOLER, "mean or null", "State the pooling in modules.json and remove the field.");
    }
    if (fields.has(TRUNCATION)) {
      throw fields.invalid(
          TRUNCATION,
          "null",
          "State it in config_sentence_transformers.json, or with EmbeddingOptions.dimension.");
    }
  }
}
