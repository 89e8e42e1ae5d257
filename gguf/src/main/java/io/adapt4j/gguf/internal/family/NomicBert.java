package io.adapt4j.gguf.internal.family;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.family.encoder.NomicFields;
import io.adapt4j.gguf.format.GgufMetadata;
import io.adapt4j.gguf.internal.layout.Layout;
import io.adapt4j.gguf.internal.layout.TensorName;
import io.adapt4j.gguf.internal.metadata.Facts;
import io.adapt4j.gguf.internal.metadata.Field;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Nomic BERT: rotary positions with bias-free gated MLPs, or with plain MLPs and a mixture of
 * experts in every second layer.
 */
record NomicBert(boolean mixes) {

  private static final String TYPES = "type_vocab_size";
  private static final String ACTIVATION = "activation_function";
  private static final String EVERY = "moe_every_n_layers";
  private static final String COUNT = "num_experts";
  private static final String EXPERTS_BIAS = ".mlp.experts.bias";
  private static final int MULTIPLE = 256;

  private static final List<String> BIASES =
      List.of("qkv_proj_bias", "mlp_fc1_bias", "mlp_fc2_bias");

  static FamilyDeclaration<?> dense() {
    return new NomicBert(false).declare("nomic-bert", Set.of("swiglu"));
  }

  /** The variant with mixtures of experts. */
  static FamilyDeclaration<?> mixture() {
    return new NomicBert(true)
        .declare("nomic-bert-moe", Field.GELU)
        .alsoBefore(Experts.counts(COUNT, "moe_top_k"))
        .alsoBefore(List.of(Field.integer(EVERY, EVERY, facts -> every(facts.fields()))))
        .after(Field.activation(ACTIVATION, "gelu"));
  }

  private EncoderFamily declare(String architecture, Set<String> activations) {
    return new EncoderFamily(architecture, "nomic_bert", "NomicBert")
        .accepts(model -> (every(model.fields()) > 0) == mixes)
        .read(this::facts)
        .names(this::names)
        .sizes("n_layer", "n_positions", "n_embd", "n_inner", "n_head", "layer_norm_epsilon")
        .alsoBefore(
            List.of(
                Field.number(
                    "rope.freq_base", "rotary_emb_base", facts -> facts.decoder().ropeTheta())))
        .after(EncoderFamily.tokenTypes(TYPES))
        .activations(ACTIVATION, activations)
        .check(this::requireSupported)
        .complete(this::complete)
        .fit(
            (tensors, config) -> {
              if (!EncoderFamily.hasTokenTypes(tensors)) {
                config.put(TYPES, 0);
              }
            })
        // The bias of the experts' outputs, which files omit.
        .zeroTensors(this::zeroBiases)
        .mustBeZero(stored -> stored.endsWith(EXPERTS_BIAS));
  }

  private static int every(ConfigReader fields) {
    return fields.optionalInt(EVERY).orElse(0);
  }

  private Facts facts(ModelConfig model) {
    ConfigReader fields = NomicFields.translated(model).fields();
    int hidden = fields.requirePositiveInt("n_embd");
    int vocabulary = fields.requirePositiveInt("vocab_size");
    return EncoderFamily.facts(
        model,
        hidden,
        inner(fields, hidden),
        fields.requirePositiveInt("n_layer"),
        fields.requirePositiveInt("n_head"),
        rounded(vocabulary, fields.positiveInt("pad_vocab_size_multiple", 1)),
        positions(fields),
        fields.positiveNumber("layer_norm_epsilon", 1e-5),
        fields.optionalText(ACTIVATION).orElse("gelu"),
        fields.positiveNumber("rotary_emb_base", 1000));
  }

  private int inner(ConfigReader fields, int hidden) {
    int stated = fields.positiveInt("n_inner", mixes ? 4 * hidden : 8 * hidden / 3);
    return mixes ? stated : rounded(stated, fields.positiveInt(NomicFields.MULTIPLE, MULTIPLE));
  }

  private static int rounded(int value, int multiple) {
    return Math.toIntExact((value + multiple - 1L) / multiple * multiple);
  }

  /** Returns the context length without the part that needs dynamic RoPE scaling. */
  private static int positions(ConfigReader fields) {
    int stated = fields.positiveInt("n_positions", 2048);
    return Math.min(stated, fields.positiveInt("max_trained_positions", stated));
  }

  private static String prefix(ModelConfig model) {
    return EncoderFamily.prefix(model, "bert.");
  }

  private List<TensorName> names(ModelConfig model) {
    String prefix = prefix(model);
    String path = prefix + "encoder.layers";
    List<TensorName> names =
        new ArrayList<>(
            TensorName.modules(
                prefix + "embeddings.word_embeddings = token_embd",
                prefix + "embeddings.token_type_embeddings = token_types",
                prefix + "emb_ln = token_embd_norm"));
    names.addAll(
        TensorName.layersOf(
            path,
            Layout.SAME,
            "attn.Wqkv = attn_qkv",
            "attn.out_proj = attn_output",
            "norm1 = attn_output_norm",
            "norm2 = layer_output_norm",
            "mlp.fc2 = ffn_down"));
    if (!mixes) {
      names.addAll(
          TensorName.layersOf(path, Layout.SAME, "mlp.fc11 = ffn_up", "mlp.fc12 = ffn_gate"));
      return names;
    }
    int experts = model.fields().requirePositiveInt(COUNT);
    names.addAll(
        TensorName.layersOf(
            path, Layout.SAME, "mlp.fc1 = ffn_up", "mlp.router.layer = ffn_gate_inp"));
    String stacks = path + ".{}.mlp.experts.mlp.";
    names.add(TensorName.tensor(stacks + "w1", "blk.{}.ffn_up_exps.weight", Layout.stack(experts)));
    names.add(
        TensorName.tensor(
            stacks + "w2", "blk.{}.ffn_down_exps.weight", Layout.turnedStack(experts)));
    return names;
  }

  private void complete(GgufMetadata metadata, String prefix, ObjectNode config) {
    if (!mixes) {
      config.put(ACTIVATION, "swiglu");
    }
    BIASES.forEach(bias -> config.put(bias, mixes));
    config.put("rotary_emb_fraction", 1.0);
    config.put("rotary_emb_interleaved", false);
    config.set("max_trained_positions", config.get("n_positions"));
  }

  private Map<String, List<Long>> zeroBiases(Set<String> tensors, ModelConfig model) {
    Map<String, List<Long>> zeros = new LinkedHashMap<>();
    Facts facts = facts(model);
    for (int layer = 0; layer < facts.decoder().layers(); layer++) {
      if (tensors.contains("blk." + layer + ".ffn_up_exps.weight")) {
        zeros.put(
            prefix(model) + "encoder.layers." + layer + EXPERTS_BIAS,
            List.of((long) facts.decoder().hiddenSize()));
      }
    }
    return zeros;
  }

  private void requireSupported(Facts facts) {
    ConfigReader fields = facts.fields();
    if (EncoderFamily.isClassifier(facts.model())) {
      throw fields.invalid(
          "architectures",
          "NomicBertModel or NomicBertForMaskedLM",
          "llama.cpp has no classes in this family; run this model here, or export a classifier of"
              + " BERT or RoBERTa.");
    }
    if (fields.has("n_embd")) {
      BIASES.forEach(bias -> Checks.flag(facts, bias, mixes, true));
      if (fields.optionalNumber("rotary_emb_fraction").orElse(0) != 1) {
        throw Checks.refused(facts, "rotary_emb_fraction", "1");
      }
    }
    Checks.off(facts, "rotary_emb_interleaved");
    if (mixes) {
      Checks.off(facts, "moe_normalize_expert_weights");
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
