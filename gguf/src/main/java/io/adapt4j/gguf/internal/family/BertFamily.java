package io.adapt4j.gguf.internal.family;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.ModelConfig;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** BERT and models that llama.cpp treats as BERT: learned positions, a norm after each branch. */
class BertFamily extends EncoderFamily {

  static final String TYPES = "type_vocab_size";
  private static final String ACTIVATION = "hidden_act";

  @Override
  public String architecture() {
    return "bert";
  }

  @Override
  public String modelType() {
    return "bert";
  }

  @Override
  String className() {
    return "Bert";
  }

  @Override
  String prefix(ModelConfig model) {
    return "bert.";
  }

  @Override
  String activationField() {
    return ACTIVATION;
  }

  /** Returns the number of rows before the first position in the position table. */
  int skipped(ModelConfig model) {
    return 0;
  }

  @Override
  Facts read(ModelConfig model) {
    ConfigReader fields = model.fields();
    return facts(
        model,
        fields.requirePositiveInt("hidden_size"),
        fields.requirePositiveInt("intermediate_size"),
        fields.requirePositiveInt("num_hidden_layers"),
        fields.requirePositiveInt("num_attention_heads"),
        fields.requirePositiveInt("vocab_size"),
        fields.positiveInt("max_position_embeddings", 512) - skipped(model),
        fields.positiveNumber("layer_norm_eps", 1e-12),
        fields.optionalText(ACTIVATION).orElse("gelu"),
        10_000);
  }

  @Override
  List<TensorName> names(ModelConfig model) {
    String prefix = prefixOf(model);
    List<TensorName> names = new ArrayList<>(embeddings(prefix, skipped(model)));
    String path = prefix + "encoder.layer";
    names.add(layer(path, "attention.self.query", "attn_q"));
    names.add(layer(path, "attention.self.key", "attn_k"));
    names.add(layer(path, "attention.self.value", "attn_v"));
    names.add(layer(path, "attention.output.dense", "attn_output"));
    names.add(layer(path, "attention.output.LayerNorm", "attn_output_norm"));
    names.add(layer(path, "intermediate.dense", "ffn_up"));
    names.add(layer(path, "output.dense", "ffn_down"));
    names.add(layer(path, "output.LayerNorm", "layer_output_norm"));
    names.addAll(classifier());
    return names;
  }

  static List<TensorName> embeddings(String prefix, int skipped) {
    return List.of(
        TensorName.of(prefix + "embeddings.word_embeddings", "token_embd"),
        TensorName.of(
            prefix + "embeddings.position_embeddings",
            "position_embd",
            skipped == 0 ? Layout.SAME : Layout.SAME.with(RowOrder.from(skipped))),
        TensorName.of(prefix + "embeddings.token_type_embeddings", "token_types"),
        TensorName.of(prefix + "embeddings.LayerNorm", "token_embd_norm"));
  }

  /** Returns the tensors of the classification head. */
  List<TensorName> classifier() {
    return List.of(
        TensorName.of("bert.pooler.dense", "cls"), TensorName.of("classifier", "cls.output"));
  }

  @Override
  List<Field> fieldsBeforeFileType() {
    return sizes(Names.BERT);
  }

  @Override
  List<Field> fieldsAfterFileType() {
    List<Field> fields = new ArrayList<>(classes());
    fields.add(tokenTypes(TYPES));
    fields.add(Field.activation(ACTIVATION, "gelu", facts -> facts.decoder().hiddenActivation()));
    return fields;
  }

  @Override
  public void requireSupported(Facts facts) {
    super.requireSupported(facts);
    requireOwnLength(facts);
    requireOneType(facts, TYPES);
  }

  /** Returns zero token type embeddings for DistilBERT, which has none. */
  @Override
  public Map<String, List<Long>> zeroTensors(Set<String> tensors, ModelConfig model) {
    ConfigReader fields = model.fields();
    return hasTokenTypes(tensors)
        ? Map.of()
        : Map.of(
            prefixOf(model) + "embeddings.token_type_embeddings.weight",
            List.of((long) types(fields, TYPES), (long) fields.requirePositiveInt("hidden_size")));
  }
}
