package io.adapt4j.gguf.internal.family;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.gguf.format.GgufMetadata;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Nomic BERT: rotary positions with bias-free gated MLPs, or with plain MLPs and a mixture of
 * experts in every second layer.
 */
final class NomicBertFamily extends EncoderFamily {

  private static final String TYPES = "type_vocab_size";
  private static final String ACTIVATION = "activation_function";
  private static final String EVERY = "moe_every_n_layers";
  private static final String COUNT = "num_experts";
  private static final String CHOSEN = "moe_top_k";
  private static final int MULTIPLE = 256;

  private static final List<String> BIASES =
      List.of("qkv_proj_bias", "mlp_fc1_bias", "mlp_fc2_bias");

  private final boolean mixes;

  /** Creates the dense or the mixture-of-experts variant. */
  NomicBertFamily(boolean mixes) {
    this.mixes = mixes;
  }

  @Override
  public String architecture() {
    return mixes ? "nomic-bert-moe" : "nomic-bert";
  }

  @Override
  public String modelType() {
    return "nomic_bert";
  }

  @Override
  String className() {
    return "NomicBert";
  }

  @Override
  String prefix(ModelConfig model) {
    return "bert.";
  }

  @Override
  String activationField() {
    return ACTIVATION;
  }

  @Override
  public boolean accepts(ModelConfig model) {
    return (every(model.fields()) > 0) == mixes;
  }

  private static int every(ConfigReader fields) {
    return fields.optionalInt(EVERY).orElse(0);
  }

  @Override
  Set<String> activations() {
    return mixes ? Field.GELU : Set.of("swiglu");
  }

  @Override
  Facts read(ModelConfig model) {
    ConfigReader fields = model.fields();
    boolean own = fields.has("n_embd");
    int hidden = fields.requirePositiveInt(own ? "n_embd" : "hidden_size");
    int heads = fields.requirePositiveInt(own ? "n_head" : "num_attention_heads");
    int multiple = fields.positiveInt("pad_vocab_size_multiple", 1);
    int vocabulary = fields.requirePositiveInt("vocab_size");
    return facts(
        model,
        hidden,
        inner(fields, hidden),
        fields.requirePositiveInt(own ? "n_layer" : "num_hidden_layers"),
        heads,
        Math.toIntExact((vocabulary + multiple - 1L) / multiple * multiple),
        positions(fields),
        own
            ? fields.positiveNumber("layer_norm_epsilon", 1e-5)
            : fields.positiveNumber("layer_norm_eps", 1e-12),
        activation(fields, own),
        theta(fields, own));
  }

  private int inner(ConfigReader fields, int hidden) {
    int stated =
        fields
            .optionalInt("n_inner")
            .orElse(fields.positiveInt("intermediate_size", mixes ? 4 * hidden : 8 * hidden / 3));
    boolean rounded = !mixes && fields.has("n_embd");
    return rounded ? (stated + MULTIPLE - 1) / MULTIPLE * MULTIPLE : stated;
  }

  /** Returns the context length without the part that needs dynamic RoPE scaling. */
  private static int positions(ConfigReader fields) {
    int stated =
        fields
            .optionalInt("n_positions")
            .orElse(fields.positiveInt("max_position_embeddings", 2048));
    return Math.min(stated, fields.positiveInt("max_trained_positions", stated));
  }

  private static String activation(ConfigReader fields, boolean own) {
    return own
        ? fields.optionalText(ACTIVATION).orElse("gelu")
        : "silu".equals(fields.optionalText("hidden_act").orElse("")) ? "swiglu" : "geglu";
  }

  private static double theta(ConfigReader fields, boolean own) {
    return own
        ? fields.positiveNumber("rotary_emb_base", 1000)
        : fields
            .child("rope_parameters")
            .map(rope -> rope.positiveNumber("rope_theta", 1000))
            .orElse(1000.0);
  }

  @Override
  List<TensorName> names(ModelConfig model) {
    String prefix = prefixOf(model);
    String path = prefix + "encoder.layers";
    List<TensorName> names = new ArrayList<>();
    names.add(TensorName.of(prefix + "embeddings.word_embeddings", "token_embd"));
    names.add(TensorName.of(prefix + "embeddings.token_type_embeddings", "token_types"));
    names.add(TensorName.of(prefix + "emb_ln", "token_embd_norm"));
    names.add(layer(path, "attn.Wqkv", "attn_qkv"));
    names.add(layer(path, "attn.out_proj", "attn_output"));
    names.add(layer(path, "norm1", "attn_output_norm"));
    names.add(layer(path, "norm2", "layer_output_norm"));
    if (mixes) {
      int experts = model.fields().requirePositiveInt(COUNT);
      names.add(layer(path, "mlp.fc1", "ffn_up"));
      names.add(layer(path, "mlp.fc2", "ffn_down"));
      names.add(layer(path, "mlp.router.layer", "ffn_gate_inp"));
      names.add(
          TensorName.tensor(
              path + ".{}.mlp.experts.mlp.w1", "blk.{}.ffn_up_exps.weight", Layout.stack(experts)));
      names.add(
          TensorName.tensor(
              path + ".{}.mlp.experts.mlp.w2",
              "blk.{}.ffn_down_exps.weight",
              Layout.turnedStack(experts)));
    } else {
      names.add(layer(path, "mlp.fc11", "ffn_up"));
      names.add(layer(path, "mlp.fc12", "ffn_gate"));
      names.add(layer(path, "mlp.fc2", "ffn_down"));
    }
    return names;
  }

  @Override
  List<Field> fieldsBeforeFileType() {
    List<Field> fields =
        new ArrayList<>(
            sizes(
                new Names(
                    "n_layer",
                    "n_positions",
                    "n_embd",
                    "n_inner",
                    "n_head",
                    "layer_norm_epsilon")));
    fields.add(
        Field.number("rope.freq_base", "rotary_emb_base", facts -> facts.decoder().ropeTheta()));
    if (mixes) {
      fields.addAll(ExpertRows.counts(COUNT, CHOSEN));
      fields.add(Field.integer(EVERY, EVERY, facts -> every(facts.fields())));
    }
    return fields;
  }

  @Override
  List<Field> fieldsAfterFileType() {
    List<Field> fields = new ArrayList<>(classes());
    fields.add(tokenTypes(TYPES));
    if (mixes) {
      fields.add(Field.activation(ACTIVATION, "gelu", facts -> facts.decoder().hiddenActivation()));
    }
    return fields;
  }

  @Override
  void complete(GgufMetadata metadata, ObjectNode config) {
    if (!mixes) {
      config.put(ACTIVATION, "swiglu");
    }
    BIASES.forEach(bias -> config.put(bias, mixes));
    config.put("rotary_emb_fraction", 1.0);
    config.put("rotary_emb_interleaved", false);
    config.set("max_trained_positions", config.get("n_positions"));
  }

  @Override
  public void fit(Set<String> tensors, ObjectNode config) {
    if (!hasTokenTypes(tensors)) {
      config.put(TYPES, 0);
    }
  }

  /** Returns the bias of the experts' outputs, which files omit. */
  @Override
  public Map<String, List<Long>> zeroTensors(Set<String> tensors, ModelConfig model) {
    Map<String, List<Long>> zeros = new LinkedHashMap<>();
    Facts facts = read(model);
    for (int layer = 0; layer < facts.decoder().layers(); layer++) {
      if (tensors.contains("blk." + layer + ".ffn_up_exps.weight")) {
        zeros.put(shift(model, layer), List.of((long) facts.decoder().hiddenSize()));
      }
    }
    return zeros;
  }

  private String shift(ModelConfig model, int layer) {
    return prefixOf(model) + "encoder.layers." + layer + ".mlp.experts.bias";
  }

  @Override
  public boolean mustBeZero(String stored) {
    return stored.endsWith(".mlp.experts.bias");
  }

  @Override
  public void requireSupported(Facts facts) {
    super.requireSupported(facts);
    ConfigReader fields = facts.fields();
    if (isClassifier(facts.model())) {
      throw fields.invalid(
          "architectures",
          "NomicBertModel or NomicBertForMaskedLM",
          "llama.cpp has no classes in this family; run this model here, or export a classifier of"
              + " BERT or RoBERTa.");
    }
    if (fields.has("n_embd")) {
      for (String bias : BIASES) {
        if (fields.bool(bias, true) != mixes) {
          throw LlamaLikeFamily.refused(facts, bias, String.valueOf(mixes));
        }
      }
      if (fields.optionalNumber("rotary_emb_fraction").orElse(0) != 1) {
        throw LlamaLikeFamily.refused(facts, "rotary_emb_fraction", "1");
      }
    }
    LlamaLikeFamily.requireOff(facts, "rotary_emb_interleaved");
    if (mixes) {
      LlamaLikeFamily.requireOff(facts, "moe_normalize_expert_weights");
    }
    if (facts.contextLength() > facts.decoder().maxPositionEmbeddings()) {
      throw new IllegalArgumentException(
          "contextLength: expected at most "
              + facts.decoder().maxPositionEmbeddings()
              + ", which the model was trained for, found "
              + facts.contextLength());
    }
  }
}
