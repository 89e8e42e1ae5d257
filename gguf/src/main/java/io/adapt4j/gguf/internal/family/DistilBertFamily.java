package io.adapt4j.gguf.internal.family;

import com.fasterxml.jackson.databind.node.IntNode;
import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.gguf.format.GgufMetadata;
import java.util.ArrayList;
import java.util.List;

/** DistilBERT: BERT's layers without token types. Files of it are read as BERT. */
final class DistilBertFamily extends BertFamily {

  private static final double EPS = 1e-12;

  @Override
  public String modelType() {
    return "distilbert";
  }

  @Override
  public boolean fits(GgufMetadata metadata) {
    return false;
  }

  @Override
  String prefix(ModelConfig model) {
    return "distilbert.";
  }

  @Override
  String activationField() {
    return "activation";
  }

  @Override
  Facts read(ModelConfig model) {
    ConfigReader fields = model.fields();
    return facts(
        model.with(TYPES, IntNode.valueOf(1)),
        fields.positiveInt("dim", 768),
        fields.positiveInt("hidden_dim", 3072),
        fields.positiveInt("n_layers", 6),
        fields.positiveInt("n_heads", 12),
        fields.requirePositiveInt("vocab_size"),
        fields.positiveInt("max_position_embeddings", 512),
        EPS,
        fields.optionalText("activation").orElse("gelu"),
        10_000);
  }

  @Override
  List<TensorName> names(ModelConfig model) {
    String prefix = prefixOf(model);
    List<TensorName> names = new ArrayList<>(embeddings(prefix, 0));
    String path = prefix + "transformer.layer";
    names.add(layer(path, "attention.q_lin", "attn_q"));
    names.add(layer(path, "attention.k_lin", "attn_k"));
    names.add(layer(path, "attention.v_lin", "attn_v"));
    names.add(layer(path, "attention.out_lin", "attn_output"));
    names.add(layer(path, "sa_layer_norm", "attn_output_norm"));
    names.add(layer(path, "ffn.lin1", "ffn_up"));
    names.add(layer(path, "ffn.lin2", "ffn_down"));
    names.add(layer(path, "output_layer_norm", "layer_output_norm"));
    return names;
  }

  /** Rejects classifiers, whose activation differs from the one llama.cpp hardcodes. */
  @Override
  public void requireSupported(Facts facts) {
    super.requireSupported(facts);
    if (isClassifier(facts.model())) {
      throw facts
          .fields()
          .invalid(
              "architectures",
              "DistilBertModel or DistilBertForMaskedLM",
              "llama.cpp has another activation before the classes of this family; run this model"
                  + " here, or export a classifier of BERT or RoBERTa.");
    }
  }
}
