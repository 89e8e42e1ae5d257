package io.adapt4j.core.internal.nn.family.hybrid;

import io.adapt4j.core.internal.config.ConfigReader;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.Dimensions;
import io.adapt4j.core.internal.nn.StoredNames;
import io.adapt4j.core.internal.nn.Transformer;
import io.adapt4j.core.internal.nn.embedding.Embeddings;
import io.adapt4j.core.internal.nn.head.EncoderTask;
import io.adapt4j.core.internal.nn.layer.Layer;
import io.adapt4j.core.internal.nn.norm.Norm;
import io.adapt4j.core.internal.nn.norm.RmsNorm;
import io.adapt4j.core.internal.tensor.tape.Parameter;
import java.util.List;
import java.util.function.BiFunction;
import java.util.stream.IntStream;

/** Builder of decoders whose layers have one branch each. */
record BranchDecoder(ModelConfig model, String root, int layers, int contextLength) {

  /** Declares the decoder, given each layer's path and index. */
  Decoder declare(BiFunction<String, Integer, Layer> layer) {
    ConfigReader fields = model.fields();
    int hidden = fields.requirePositiveInt("hidden_size");
    int vocabulary = fields.requirePositiveInt("vocab_size");
    String prefix = EncoderTask.isBaseModel(model) ? "" : root + ".";
    Parameter tokens = Parameter.of(prefix + "embeddings.weight", vocabulary, hidden);
    List<Layer> declared =
        IntStream.range(0, layers)
            .mapToObj(index -> layer.apply(prefix + "layers." + index, index))
            .toList();
    return Decoder.of(
        model,
        new Dimensions(hidden, layers, vocabulary, contextLength),
        StoredNames.of(root + ".", List.of("mtp\\..*")),
        new Transformer(
            Embeddings.of(tokens, Embeddings.Scale.NONE),
            declared,
            norm(prefix + "norm_f"),
            List.of()),
        "lm_head.weight",
        fields.bool("tie_word_embeddings", false));
  }

  /** Declares a norm over the hidden size. */
  Norm norm(String path) {
    ConfigReader fields = model.fields();
    return RmsNorm.declare(path, fields.requirePositiveInt("hidden_size"), 0, epsilon(fields));
  }

  /** Reads the epsilon of norms. */
  static double epsilon(ConfigReader fields) {
    return fields.positiveNumber("layer_norm_epsilon", 1e-5);
  }
}
