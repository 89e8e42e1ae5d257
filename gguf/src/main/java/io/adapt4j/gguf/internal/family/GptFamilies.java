package io.adapt4j.gguf.internal.family;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.DecoderConfig;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.config.RopeScaling;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.gguf.internal.layout.GroupedRows;
import io.adapt4j.gguf.internal.layout.Layout;
import io.adapt4j.gguf.internal.layout.TensorName;
import io.adapt4j.gguf.internal.metadata.DecoderKeys;
import io.adapt4j.gguf.internal.metadata.Facts;
import io.adapt4j.gguf.internal.metadata.Field;
import io.adapt4j.gguf.internal.metadata.RopeFields;
import java.util.List;

/** Families before Llama: GPT-2, StarCoder, GPT-NeoX, BLOOM and Falcon. */
final class GptFamilies {

  private static final String KV_HEADS = "attention.head_count_kv";
  private static final String LAYERS = "transformer.h";

  private static final Field BLOCKS =
      Field.integer("block_count", "n_layer", facts -> facts.decoder().layers());
  private static final Field HEADS =
      Field.integer("attention.head_count", "n_head", facts -> facts.decoder().heads());
  private static final Field CONTEXT =
      Field.integer("context_length", "n_positions", Facts::contextLength);
  private static final Field WIDTH =
      Field.integer("embedding_length", "n_embd", facts -> facts.decoder().hiddenSize());
  private static final Field INNER =
      Field.integer("feed_forward_length", "n_inner", facts -> facts.decoder().intermediateSize());

  /** The epsilon of layer norms under GPT-2's name. */
  static final Field EPS =
      Field.number(
          "attention.layer_norm_epsilon",
          "layer_norm_epsilon",
          facts -> facts.decoder().rmsNormEps());

  private GptFamilies() {}

  /** GPT-2: learned positions, biases, weights that checkpoints store as [in, out]. */
  static FamilyDeclaration<?> gpt2() {
    return gpt2("gpt2", "gpt2", "GPT2LMHeadModel", "gelu_new")
        .names(model -> gpt2Names(Layout.TRANSPOSED, Layout.TRANSPOSED))
        .before(BLOCKS, CONTEXT, WIDTH, INNER, HEADS, EPS);
  }

  /** StarCoder 1: GPT-2 with multi-query attention, and weights stored as [out, in]. */
  static FamilyDeclaration<?> starcoder() {
    return gpt2("starcoder", "gpt_bigcode", "GPTBigCodeForCausalLM", "gelu_pytorch_tanh")
        .names(
            model ->
                gpt2Names(
                    Layout.SAME,
                    // With multi-head attention, checkpoints interleave the matrix by head.
                    hasOneKeyHead(model)
                        ? Layout.SAME
                        : Layout.queriesKeysValues(model.fields().requirePositiveInt("n_head"))))
        .before(
            CONTEXT,
            WIDTH,
            INNER,
            BLOCKS,
            HEADS,
            Field.derived(
                KV_HEADS, facts -> hasOneKeyHead(facts.model()) ? 1 : facts.decoder().heads()),
            EPS)
        .complete(
            (metadata, prefix, config) ->
                config.put("multi_query", metadata.integer(prefix + KV_HEADS).orElse(1) == 1));
  }

  private static boolean hasOneKeyHead(ModelConfig model) {
    return model.fields().bool("multi_query", true);
  }

  private static PlainFamily gpt2(
      String architecture, String modelType, String modelClass, String activation) {
    String field = "activation_function";
    return new PlainFamily(architecture, modelType, modelClass)
        .byteLevel()
        .read(model -> gpt2Facts(model, model.fields().optionalText(field).orElse(activation)))
        .after(Field.activation(field, activation))
        .check(facts -> Checks.gelu(facts, field, facts.decoder().hiddenActivation()))
        .check(facts -> Checks.flag(facts, "scale_attn_weights", true, true))
        .check(facts -> Checks.off(facts, "scale_attn_by_inverse_layer_idx"))
        .check(Checks::ownLength);
  }

  private static Facts gpt2Facts(ModelConfig model, String activation) {
    ConfigReader fields = model.fields();
    int hidden = fields.requirePositiveInt("n_embd");
    int heads = fields.requirePositiveInt("n_head");
    return unrotated(
        model,
        hidden,
        fields.positiveInt("n_inner", 4 * hidden),
        fields.requirePositiveInt("n_layer"),
        heads,
        fields.positiveInt("n_positions", 1024),
        activation,
        true);
  }

  /** Returns the dimensions of a decoder without rotary positions. */
  static Facts unrotated(
      ModelConfig model,
      int hidden,
      int inner,
      int layers,
      int heads,
      int positions,
      String activation,
      boolean biases) {
    ConfigReader fields = model.fields();
    DecoderConfig decoder =
        new DecoderConfig(
            hidden,
            inner,
            layers,
            heads,
            heads,
            hidden / heads,
            fields.requirePositiveInt("vocab_size"),
            positions,
            fields.positiveNumber("layer_norm_epsilon", 1e-5),
            activation,
            biases,
            biases,
            fields.bool("tie_word_embeddings", true),
            10_000,
            new RopeScaling.Default(),
            hidden / heads);
    return new Facts(model, decoder, positions);
  }

  private static List<TensorName> gpt2Names(Layout matrices, Layout fused) {
    return TensorName.concat(
        TensorName.modules(
            "transformer.wte = token_embd",
            "transformer.wpe = position_embd",
            "transformer.ln_f = output_norm",
            "lm_head = output"),
        layers(Layout.SAME, "ln_1 = attn_norm", "ln_2 = ffn_norm"),
        layers(fused, "attn.c_attn = attn_qkv"),
        layers(
            matrices, "attn.c_proj = attn_output", "mlp.c_fc = ffn_up", "mlp.c_proj = ffn_down"));
  }

  private static List<TensorName> layers(Layout layout, String... lines) {
    return TensorName.layersOf(LAYERS, layout, lines);
  }

  /** GPT-NeoX and Pythia: partial rotary positions, parallel attention and MLP. */
  static FamilyDeclaration<?> gptNeoX() {
    String parallel = "use_parallel_residual";
    return new PlainFamily("gptneox", "gpt_neox", "GPTNeoXForCausalLM")
        .byteLevel()
        .with(FamilyDeclaration.Trait.NO_FILE_TYPE)
        .requiresOutput()
        .read(model -> rotated("gpt_neox", model))
        .names(model -> neoXNames(model.fields().requirePositiveInt("num_attention_heads")))
        .before(
            DecoderKeys.CONTEXT,
            DecoderKeys.WIDTH,
            DecoderKeys.BLOCKS,
            DecoderKeys.INNER,
            Field.derived("rope.dimension_count", facts -> facts.decoder().rotaryDim()),
            DecoderKeys.HEADS,
            Field.flag(parallel, parallel, facts -> facts.fields().bool(parallel, true)),
            DecoderKeys.layerNormEps("layer_norm_eps"),
            RopeFields.scaling(),
            Field.number("rope.freq_base", "rotary_emb_base", facts -> facts.decoder().ropeTheta())
                .when(facts -> facts.decoder().ropeTheta() != 10_000))
        .after(Field.activation("hidden_act", "gelu", facts -> stated(facts, "hidden_act")))
        .check(facts -> Checks.gelu(facts, "hidden_act", stated(facts, "hidden_act")))
        .check(facts -> Checks.scaling(facts, Checks.SCALINGS))
        .check(facts -> Checks.flag(facts, "attention_bias", true, true))
        .complete(
            (metadata, prefix, config) -> {
              int heads = Math.max(1, config.path("num_attention_heads").asInt());
              double headDim = config.path("hidden_size").asDouble() / heads;
              metadata
                  .integer(prefix + "rope.dimension_count")
                  .ifPresent(rotated -> config.put("rotary_pct", rotated / headDim));
            });
  }

  /** Returns the stated activation, GELU by default. */
  private static String stated(Facts facts, String field) {
    return facts.fields().optionalText(field).orElse("gelu");
  }

  private static Facts rotated(String modelType, ModelConfig model) {
    DecoderConfig decoder = Architectures.dimensions(modelType, model);
    return new Facts(model, decoder, decoder.maxPositionEmbeddings());
  }

  private static List<TensorName> neoXNames(int heads) {
    String layers = "gpt_neox.layers";
    return TensorName.concat(
        TensorName.modules(
            "gpt_neox.embed_in = token_embd",
            "gpt_neox.final_layer_norm = output_norm",
            "embed_out = output"),
        TensorName.layersOf(
            layers, Layout.queriesKeysValues(heads), "attention.query_key_value = attn_qkv"),
        TensorName.layersOf(
            layers,
            Layout.SAME,
            "input_layernorm = attn_norm",
            "post_attention_layernorm = ffn_norm",
            "attention.dense = attn_output",
            "mlp.dense_h_to_4h = ffn_up",
            "mlp.dense_4h_to_h = ffn_down"));
  }

  /** BLOOM: a norm after the embedding, and ALiBi position biases. */
  static FamilyDeclaration<?> bloom() {
    return new PlainFamily("bloom", "bloom", "BloomForCausalLM")
        .byteLevel()
        .read(GptFamilies::bloomFacts)
        .names(
            model ->
                TensorName.concat(
                    TensorName.modules(
                        "transformer.word_embeddings = token_embd",
                        "transformer.word_embeddings_layernorm = token_embd_norm",
                        "transformer.ln_f = output_norm",
                        "lm_head = output"),
                    layers(
                        Layout.queriesKeysValues(bloomHeads(model.fields())),
                        "self_attention.query_key_value = attn_qkv"),
                    layers(
                        Layout.SAME,
                        "input_layernorm = attn_norm",
                        "self_attention.dense = attn_output",
                        "post_attention_layernorm = ffn_norm",
                        "mlp.dense_h_to_4h = ffn_up",
                        "mlp.dense_4h_to_h = ffn_down")))
        .before(
            Field.integer("context_length", "seq_length", Facts::contextLength),
            DecoderKeys.WIDTH,
            Field.derived("feed_forward_length", facts -> facts.decoder().intermediateSize()),
            BLOCKS,
            HEADS,
            Field.derived(KV_HEADS, facts -> facts.decoder().heads()),
            EPS)
        .check(facts -> Checks.off(facts, "apply_residual_connection_post_layernorm"));
  }

  /** Reads a field by either of two names; Transformers' class accepts both. */
  private static int either(ConfigReader fields, String name, String other) {
    return fields.requirePositiveInt(fields.has(name) || !fields.has(other) ? name : other);
  }

  private static int bloomHeads(ConfigReader fields) {
    return either(fields, "n_head", "num_attention_heads");
  }

  private static Facts bloomFacts(ModelConfig model) {
    ConfigReader fields = model.fields();
    int hidden = either(fields, "n_embed", "hidden_size");
    int heads = bloomHeads(fields);
    return unrotated(
        model,
        hidden,
        4 * hidden,
        either(fields, "n_layer", "num_hidden_layers"),
        heads,
        fields.positiveInt("seq_length", 2048),
        "gelu_new",
        true);
  }

  /** Falcon with rotary positions: parallel attention and MLP, with a shared norm or one each. */
  static FamilyDeclaration<?> falcon() {
    return new PlainFamily("falcon", "falcon", "FalconForCausalLM")
        .byteLevel()
        .read(model -> rotated("falcon", model))
        .names(GptFamilies::falconNames)
        .before(
            DecoderKeys.CONTEXT,
            Field.written(
                (facts, prefix, target) -> target.string(prefix + "tensor_data_layout", "jploski")),
            DecoderKeys.WIDTH,
            Field.integer(
                "feed_forward_length",
                "ffn_hidden_size",
                facts -> facts.decoder().intermediateSize()),
            DecoderKeys.BLOCKS,
            DecoderKeys.HEADS,
            Field.integer(KV_HEADS, "num_kv_heads", facts -> facts.decoder().kvHeads()),
            DecoderKeys.layerNormEps("layer_norm_epsilon"))
        .after(
            RopeFields.scaling(),
            RopeFields.unusualTheta(),
            Field.activation("activation", "gelu", facts -> stated(facts, "activation")))
        .check(facts -> Checks.gelu(facts, "activation", stated(facts, "activation")))
        .check(facts -> Checks.scaling(facts, Checks.SCALINGS))
        .check(Checks::usualHeadDim)
        .check(facts -> Checks.off(facts, "bias"))
        .check(facts -> Checks.flag(facts, "parallel_attn", true, true))
        .check(Checks::wholeHeadsRotated)
        // The newer architecture subsumes the older ones.
        .fit(
            (tensors, config) -> {
              boolean two = tensors.contains("blk.0.attn_norm_2.weight");
              config.put("new_decoder_architecture", true);
              config.put("num_ln_in_parallel_attn", two ? 2 : 1);
              config.put("bias", false).put("alibi", false);
            });
  }

  private static boolean isGrouped(ConfigReader fields) {
    return fields.bool("new_decoder_architecture", false);
  }

  private static List<TensorName> falconNames(ModelConfig model) {
    DecoderConfig decoder = Architectures.dimensions("falcon", model);
    ConfigReader fields = model.fields();
    boolean twoNorms = isGrouped(fields) && fields.positiveInt("num_ln_in_parallel_attn", 2) == 2;
    return TensorName.concat(
        TensorName.modules(
            "transformer.word_embeddings = token_embd",
            "transformer.ln_f = output_norm",
            "lm_head = output"),
        layers(
            GroupedRows.all(decoder.heads(), decoder.kvHeads()),
            "self_attention.query_key_value = attn_qkv"),
        layers(
            Layout.SAME,
            (twoNorms ? "ln_mlp" : "input_layernorm") + " = attn_norm",
            "ln_attn = attn_norm_2",
            "self_attention.dense = attn_output",
            "mlp.dense_h_to_4h = ffn_up",
            "mlp.dense_4h_to_h = ffn_down"));
  }
}
