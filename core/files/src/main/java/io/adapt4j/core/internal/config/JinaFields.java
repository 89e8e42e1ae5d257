package io.adapt4j.core.internal.config;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;
import java.util.Optional;

/**
 * Translates configurations of Jina AI's remote code ({@code model_type} xlm-roberta) to those of
 * Transformers: with rotary positions to the family of jina-embeddings-v3, which has the same
 * tensor names, leaving out {@link TaskAdapters}; with learned positions, as in jina-reranker-v2,
 * to XLM-RoBERTa's.
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
  private static final String LEARNED = "absolute";
  private static final String CONFIG = "XLMRobertaFlashConfig";
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

  /** Returns whether a configuration is one of the remote code with rotary positions. */
  static boolean areRotary(ConfigReader fields) {
    return positions(fields).equals("rotary");
  }

  /**
   * Returns the kind of positions, learned ones by default as Transformers 5 writes it; empty for a
   * configuration that is not of the remote code.
   */
  private static String positions(ConfigReader fields) {
    if (!fields.optionalText("model_type").orElse("").equals("xlm-roberta")) {
      return "";
    }
    String stated = fields.optionalText(POSITIONS).orElse(LEARNED);
    boolean remote = fields.node("auto_map").path("AutoConfig").asText().endsWith(CONFIG);
    return remote || stated.equals("rotary") ? stated : "";
  }

  /** Returns the translated configuration, or the same one if it is of another kind. */
  static ConfigReader translated(ConfigReader fields) {
    boolean rotary = areRotary(fields);
    if (!rotary && !positions(fields).equals(LEARNED)) {
      return fields;
    }
    if (TaskAdapters.read(fields).isPresent() && !rotary) {
      throw fields.invalid(POSITIONS, "rotary", "Adapters of tasks are only known with these.");
    }
    requireNeutral(fields);
    ObjectNode own = fields.json();
    own.remove(DONE);
    own.put(LENGTH, fields.positiveInt(LENGTH, 8194));
    own.put("type_vocab_size", fields.positiveInt("type_vocab_size", 1));
    own.put("layer_norm_eps", fields.positiveNumber("layer_norm_eps", 1e-5));
    if (rotary) {
      own.put("model_type", "jina_embeddings_v3");
      ArrayNode classes = own.putArray("architectures");
      fields.texts("architectures").forEach(name -> classes.add(className(name)));
      own.putObject(ROPE).put(THETA, base(fields)).put("rope_type", "default");
    } else {
      own.put(POSITIONS, LEARNED);
    }
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
