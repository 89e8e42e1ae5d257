package io.adapt4j.qlora;

import static io.adapt4j.core.Words.words;

import io.adapt4j.core.internal.checkpoint.Checkpoint;
import io.adapt4j.core.internal.checkpoint.StoredType;
import io.adapt4j.core.internal.config.ModelConfig;
import io.adapt4j.core.internal.nn.Decoder;
import io.adapt4j.core.internal.nn.Encoder;
import io.adapt4j.core.internal.nn.Network;
import io.adapt4j.core.internal.nn.cache.Positions;
import io.adapt4j.core.internal.nn.family.Architectures;
import io.adapt4j.core.internal.nn.linear.DenseLinear;
import io.adapt4j.core.internal.nn.linear.Linear;
import io.adapt4j.core.internal.nn.linear.QuantizedLinear;
import io.adapt4j.core.internal.nn.weights.CheckpointFolder;
import io.adapt4j.core.internal.nn.weights.StoredModel;
import io.adapt4j.core.internal.nn.weights.Weights;
import io.adapt4j.core.internal.tensor.DType;
import io.adapt4j.core.internal.tensor.Scope;
import io.adapt4j.core.internal.tensor.Tensor;
import io.adapt4j.core.internal.tensor.op.Ops;
import io.adapt4j.core.method.WeightFormat;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.Stream;

/** Models in 4 bits and their plain equals. */
final class FourBitCase {

  private static final int LENGTH = 12;

  private FourBitCase() {}

  /** A decoder of each family, by its folder. */
  static Stream<String> decoders() {
    return Stream.of(
        words(
            "llama_linear mistral_full qwen2_window qwen3_bias gemma2_uncapped gemma3_text phi3",
            "smollm3 olmo2 granite gpt2_by_layer gpt_neox_linear"));
  }

  /** A model of each family, by its folder. */
  static Stream<String> families() {
    return Stream.concat(
        decoders(),
        Stream.of(
            words("roberta_mlm xlm_roberta_cls distilbert_cls modernbert_cls bert_features")));
  }

  /** A network without weights, whose linear layers are in a format. */
  static Network declare(Path folder, WeightFormat format) {
    StoredModel stored = StoredModel.read(folder, format);
    Network network = Architectures.declare(stored.config());
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      stored.weights().install(network, checkpoint);
      Weights.check(network, checkpoint);
    }
    return network;
  }

  /** A network from a plain checkpoint, with its linear layers in a format. */
  static Network load(Path folder, WeightFormat format, DType type) {
    Network network = declare(folder, format);
    try (Checkpoint checkpoint = Checkpoint.open(folder)) {
      network.allocate(type);
      Weights.load(network, checkpoint);
    }
    return network;
  }

  /** The plain network whose weights are those that a 4-bit one restores. */
  static Network plainEqual(Path folder, Network fourBit) {
    Network plain = load(folder, WeightFormat.asStored(), fourBit.type());
    for (int i = 0; i < plain.linears().size(); i++) {
      Linear source = fourBit.linears().get(i).linear();
      DenseLinear target = (DenseLinear) plain.linears().get(i).linear();
      if (source instanceof QuantizedLinear packed) {
        for (Linear.Part part : packed.parts()) {
          try (Tensor restored = packed.restored(part, plain.type());
              Tensor rows = target.weight().value().narrow(0, part.start(), part.width())) {
            rows.copyFrom(restored);
          }
        }
      }
    }
    return plain;
  }

  /** What a network ends in, for a batch of two rows. */
  static float[] outputs(Network network) {
    return outputs(network, 11);
  }

  /** What a network ends in, for a batch of two rows whose tokens follow from the first. */
  static float[] outputs(Network network, int first) {
    int vocabulary = network.dimensions().vocabularySize();
    long[] ids = new long[2 * LENGTH];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = 3 + (i * 37L + first) % (vocabulary - 3);
    }
    long[] mask = new long[ids.length];
    Arrays.fill(mask, 1);
    try (Scope scope = Scope.open()) {
      Ops ops = Ops.inference();
      Tensor tokens = Tensor.of(ids, 2, LENGTH);
      if (network instanceof Decoder decoder) {
        try (Positions positions = decoder.positions(mask, 2, LENGTH)) {
          return decoder.logits(decoder.hidden(ops, tokens, positions, false)).toFloats();
        }
      }
      Encoder encoder = (Encoder) network;
      try (Positions positions = encoder.positions(ids, mask, 2, LENGTH)) {
        Tensor types = Tensor.of(new long[ids.length], 2, LENGTH);
        return encoder.hidden(ops, tokens, types, positions, false).toFloats();
      }
    }
  }

  /** Writes a decoder of random weights. */
  static void write(Path folder, String config, StoredType type) {
    ModelConfig model = ModelConfig.parse(folder.resolve(ModelConfig.FILE), config);
    try (Decoder decoder = Architectures.declareDecoder(model)) {
      decoder.allocate(DType.F32);
      Weights.randomize(decoder, 3);
      CheckpointFolder.write(folder, folder, model, Weights.tensors(decoder, type));
    }
  }

  /** A Llama of given sizes. */
  static String llama(int hidden, int inner, int heads, int headDim, int layers, int vocabulary) {
    return """
        {"model_type": "llama", "architectures": ["LlamaForCausalLM"], "hidden_size": %d,
         "intermediate_size": %d, "num_hidden_layers": %d, "num_attention_heads": %d,
         "num_key_value_heads": 1, "head_dim": %d, "vocab_size": %d, "rms_norm_eps": 1e-5,
         "max_position_embeddings": 64, "attention_bias": true, "mlp_bias": true,
         "eos_token_id": 2, "pad_token_id": 0, "bos_token_id": 1,
         "tie_word_embeddings": false}
        """
        .formatted(hidden, inner, layers, heads, headDim, vocabulary);
  }
}
