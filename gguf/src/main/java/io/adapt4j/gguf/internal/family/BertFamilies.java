package io.adapt4j.gguf.internal.family;

import com.fasterxml.jackson.databind.node.IntNode;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.gguf.internal.layout.Layout;
import io.adapt4j.gguf.internal.layout.RowOrder;
import io.adapt4j.gguf.internal.layout.TensorName;
import io.adapt4j.gguf.internal.metadata.Facts;
import io.adapt4j.gguf.internal.metadata.Field;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * BERT and models that llama.cpp treats as BERT: learned positions, a norm after each branch. Files
 * of all of them are read as BERT.
 */
final class BertFamilies {

  private static final String TYPES = "type_vocab_size";
  private static final String ACTIVATION = "hidden_act";

  private BertFamilies() {}

  static FamilyDeclaration<?> bert() {
    return like("bert", ACTIVATION, "bert.")
        .read(model -> facts(model, 0))
        .names(
            model ->
                names(
                    EncoderFamily.prefix(model, "bert."),
                    0,
                    "bert.pooler.dense = cls",
                    "classifier = cls.output"));
  }

  /**
   * RoBERTa, XLM-RoBERTa and CamemBERT, written as BERT without the position rows reserved for
   * padding.
   */
  static FamilyDeclaration<?> roberta() {
    return like("xlm-roberta", ACTIVATION, "roberta.")
        .alsoOf("roberta", "camembert")
        .read(model -> facts(model, reserved(model)))
        .names(
            model ->
                names(
                    EncoderFamily.prefix(model, "roberta."),
                    reserved(model),
                    "classifier.dense = cls",
                    "classifier.out_proj = cls.output"))
        .onlyWritten();
  }

  private static int reserved(ModelConfig model) {
    return model.padTokenId().orElse(1) + 1;
  }

  /** DistilBERT: BERT's layers without token types. */
  static FamilyDeclaration<?> distilBert() {
    return like("distilbert", "activation", "distilbert.")
        .read(BertFamilies::distilBertFacts)
        .names(model -> distilBertNames(EncoderFamily.prefix(model, "distilbert.")))
        .check(
            facts -> {
              if (EncoderFamily.isClassifier(facts.model())) {
                throw facts
                    .fields()
                    .invalid(
                        "architectures",
                        "DistilBertModel or DistilBertForMaskedLM",
                        "llama.cpp has another activation before the classes of this family; run"
                            + " this model here, or export a classifier of BERT or RoBERTa.");
              }
            })
        .onlyWritten();
  }

  private static EncoderFamily like(String modelType, String activation, String prefix) {
    return new EncoderFamily("bert", modelType, "Bert")
        .bertSizes("layer_norm_eps")
        .after(EncoderFamily.tokenTypes(TYPES), Field.activation(ACTIVATION, "gelu"))
        .classifier()
        .activations(activation, Field.GELU)
        .check(Checks::ownLength)
        .check(facts -> EncoderFamily.requireOneType(facts, TYPES))
        .zeroTensors((tensors, model) -> zeroTypes(tensors, model, prefix));
  }

  /** Returns zero token type embeddings for DistilBERT, which has none. */
  private static Map<String, List<Long>> zeroTypes(
      Set<String> tensors, ModelConfig model, String prefix) {
    if (EncoderFamily.hasTokenTypes(tensors)) {
      return Map.of();
    }
    ConfigReader fields = model.fields();
    return Map.of(
        EncoderFamily.prefix(model, prefix) + "embeddings.token_type_embeddings.weight",
        List.of(
            (long) EncoderFamily.types(fields, TYPES),
            (long) fields.requirePositiveInt("hidden_size")));
  }

  private static Facts facts(ModelConfig model, int reserved) {
    ConfigReader fields = model.fields();
    return EncoderFamily.facts(
        model,
        fields.positiveInt("max_position_embeddings", 512) - reserved,
        fields.positiveNumber("layer_norm_eps", 1e-12),
        fields.optionalText(ACTIVATION).orElse("gelu"),
        10_000);
  }

  private static Facts distilBertFacts(ModelConfig model) {
    ConfigReader fields = model.fields();
    return EncoderFamily.facts(
        model.with(TYPES, IntNode.valueOf(1)),
        fields.positiveInt("dim", 768),
        fields.positiveInt("hidden_dim", 3072),
        fields.positiveInt("n_layers", 6),
        fields.positiveInt("n_heads", 12),
        fields.requirePositiveInt("vocab_size"),
        fields.positiveInt("max_position_embeddings", 512),
        1e-12,
        fields.optionalText("activation").orElse("gelu"),
        10_000);
  }

  private static List<TensorName> names(String prefix, int reserved, String... classifier) {
    return TensorName.concat(
        embeddings(prefix, reserved),
        TensorName.layersOf(
            prefix + "encoder.layer",
            Layout.SAME,
            "attention.self.query = attn_q",
            "attention.self.key = attn_k",
            "attention.self.value = attn_v",
            "attention.output.dense = attn_output",
            "attention.output.LayerNorm = attn_output_norm",
            "intermediate.dense = ffn_up",
            "output.dense = ffn_down",
            "output.LayerNorm = layer_output_norm"),
        TensorName.modules(classifier));
  }

  private static List<TensorName> distilBertNames(String prefix) {
    return TensorName.concat(
        embeddings(prefix, 0),
        TensorName.layersOf(
            prefix + "transformer.layer",
            Layout.SAME,
            "attention.q_lin = attn_q",
            "attention.k_lin = attn_k",
            "attention.v_lin = attn_v",
            "attention.out_lin = attn_output",
            "sa_layer_norm = attn_output_norm",
            "ffn.lin1 = ffn_up",
            "ffn.lin2 = ffn_down",
            "output_layer_norm = layer_output_norm"));
  }

  private static List<TensorName> embeddings(String prefix, int reserved) {
    String path = prefix + "embeddings.";
    Layout positions = reserved == 0 ? Layout.SAME : Layout.SAME.with(RowOrder.from(reserved));
    return List.of(
        TensorName.of(path + "word_embeddings", "token_embd"),
        TensorName.of(path + "position_embeddings", "position_embd", positions),
        TensorName.of(path + "token_type_embeddings", "token_types"),
        TensorName.of(path + "LayerNorm", "token_embd_norm"));
  }
}
